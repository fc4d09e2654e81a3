"""Many strains with their reads at once: what of them is there already, and adding what is not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, func, insert, select, text
from sqlalchemy.orm import Session

from crobot_errors import BadInput
from db.engine import database_of, lock_all
from db.known_species import barcode_prefix
from db.species import Assembly, Strain, Trace, trace_assembly
from db.species.barcodes import Kind, encode

_NEXT_IDS = text("""
    SELECT nextval(pg_get_serial_sequence(format('%I.%I', CAST(:schema AS text), CAST(:name AS text)), 'id'))
    FROM generate_series(1, :rows)""")

#: an accession, or read1 and read2
ReadSet = tuple[str, ...]


@dataclass(frozen=True)
class NewReads:
    """Read sets of a strain that may be there already, or in part."""

    strain: str
    read_sets: Sequence[ReadSet]
    #: of the strain, if it is new
    attributes: Mapping[str, Any]


class Added(NamedTuple):
    """How many rows are new."""

    strains: int
    read_sets: int
    #: that were looked at, new or not
    lines: int


def attribute_names(session: Session) -> Sequence[str]:
    """Return the names of all metadata that strains of the species have."""
    return session.scalars(select(func.jsonb_object_keys(Strain.attributes)).distinct()).all()


def known_strains(session: Session, names: Collection[str], owner: int) -> dict[str, Row[Any]]:
    """Return the strains of an owner by name: ``id``, ``barcode``, ``attributes``, ``assembly`` (the one in use)."""
    query = (
        select(
            Strain.strain, Strain.id, Strain.barcode, Strain.attributes, Assembly.barcode.label("assembly")
        )
        .outerjoin(Assembly, Assembly.id == Strain.best_assembly)
        .where(Strain.owner == owner, Strain.strain.in_(names))
    )
    return {row.strain: row for row in session.execute(query)}


def known_reads(session: Session, read_sets: Iterable[ReadSet]) -> dict[ReadSet, Row[Any]]:
    """Return those of these read sets that are there, whosever they are.

    Each has its strain's ``strain`` (the name), ``barcode`` and ``owner``, and ``in_use``: whether the assembly in use
    of its strain was made from it.
    """
    wanted = set(read_sets)
    runs = [one[0] for one in wanted if len(one) == 1]
    files = [one[0] for one in wanted if len(one) == 2]
    in_use = (
        select(trace_assembly)
        .where(trace_assembly.c.trace_id == Trace.id, trace_assembly.c.assembly_id == Strain.best_assembly)
        .exists()
    )
    query = select(
        Trace.accession, Trace.read1, Trace.read2,
        Strain.strain, Strain.barcode, Strain.owner, in_use.label("in_use"),
    ).join(Strain, Strain.id == Trace.strain_id)  # fmt: skip
    found: dict[ReadSet, Any] = {}
    for row in session.execute(query.where(Trace.accession.in_(runs))):
        found[(row.accession,)] = row
    for row in session.execute(query.where(Trace.read1.in_(files))):
        found[(row.read1, row.read2)] = row
    return {one: row for one, row in found.items() if one in wanted}


def why_of_another(reads: ReadSet, known: Row[Any] | None, strain: str, owner: int) -> str:
    """Say why these reads cannot be those of a strain; empty if they can."""
    if known is None or (known.strain, known.owner) == (strain, owner):
        return ""
    whose = "" if known.owner == owner else f" of the user {known.owner}"
    return (
        f"the reads {', '.join(reads)} belong to the strain {known.strain!r}{whose} ({known.barcode}), "
        f"not to {strain!r}: correct the name of the strain, or remove the line"
    )


def add_reads(session: Session, new: Sequence[NewReads], user_id: int = 0) -> Added:
    """Add strains and read sets, unless they are there; a few hundred at a time.

    Raises:
        BadInput: reads of another strain.
    """
    database = database_of(session)
    names = {one.strain for one in new}
    # as a single sender does, so that neither adds what the other is adding
    lock_all(session, {f"strain {database} {user_id} {name}" for name in names})
    lock_all(session, {f"reads {database} {reads[0]}" for one in new for reads in one.read_sets})
    there = known_reads(session, (reads for one in new for reads in one.read_sets))
    for one in new:
        for reads in one.read_sets:
            if why := why_of_another(reads, there.get(reads), one.strain, user_id):
                raise BadInput(why)
    strains = {name: row.id for name, row in known_strains(session, names, user_id).items()}
    added = _add_strains(session, new, strains, user_id)
    traces = [
        {"strain_id": strains[one.strain], "accession": None, "read1": None, "read2": None}
        | dict(zip(("accession",) if len(reads) == 1 else ("read1", "read2"), reads, strict=True))
        for one in new
        for reads in one.read_sets
        if reads not in there
    ]
    _insert(session, Trace, "traces", Kind.TRACE, traces, user_id)
    return Added(added, len(traces), len(new))


def _add_strains(session: Session, new: Sequence[NewReads], strains: dict[str, int], user_id: int) -> int:
    """Add those that are not among ``strains``, and put them there."""
    attributes = {one.strain: dict(one.attributes) for one in new if one.strain not in strains}
    rows = [{"strain": name, "owner": user_id, "attributes": of_one} for name, of_one in attributes.items()]
    ids = _insert(session, Strain, "strains", Kind.STRAIN, rows, user_id)
    strains.update(zip(attributes, ids, strict=True))
    return len(ids)


def _insert(
    session: Session, model: Any, table: str, kind: Kind, rows: Sequence[dict[str, Any]], user_id: int
) -> Sequence[int]:
    """Insert rows with their numbers and barcodes; return the numbers."""
    if not rows:
        return []
    database = database_of(session)
    prefix = barcode_prefix(session, database)
    ids = session.scalars(_NEXT_IDS, {"schema": database, "name": table, "rows": len(rows)}).all()
    session.execute(
        insert(model),
        [
            row | {"id": number, "barcode": encode(prefix, number, kind), "modified_by": user_id}
            for number, row in zip(ids, rows, strict=True)
        ],
    )
    return ids
