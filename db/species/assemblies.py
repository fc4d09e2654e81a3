"""Assemblies are recorded with their verdict, and found again by barcode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, func, insert, literal, select, text
from sqlalchemy.orm import Session

from crobot_errors import BadInput
from db.engine import database_of
from db.known_species import barcode_prefix
from db.species import Assembly, AssemblyLookup, AssemblyStatus, Scheme, Strain, Trace, trace_assembly
from db.species.barcodes import Kind, check
from db.species.strains import NewRow, new_row

#: barcodes in one message
_NAMED = 5


@dataclass(frozen=True)
class AssemblyRecord:
    """What an assembly job found; lengths in bases, ``low_qualities`` the share of N from 0 to 1."""

    #: None: it was brought in as it is
    job_id: int | None
    pipeline_version: str
    file_pointer: str
    passed: bool
    n50: int | None = None
    total_length: int | None = None
    contig_number: int | None = None
    coverage: float | None = None
    low_qualities: float | None = None
    top_species: str | None = None
    #: each QA measure with its limit, and what else is worth keeping
    stats: dict[str, Any] = field(default_factory=dict)


def record_assembly(
    session: Session,
    record: AssemblyRecord,
    trace_ids: Collection[int],
    user_id: int = 0,
    row: NewRow | None = None,
) -> NewRow:
    """Record the assembly of these read sets; if it passes the QA it is from now on their strains' best one.

    ``row`` is the number and barcode that it was given when the job was sent. The same job again returns what is there.
    """
    existing = None if record.job_id is None else find_made(session, record.job_id)
    if existing is not None:
        return NewRow(existing.id, str(existing.barcode))
    row = row or new_row(session, "assemblies", Kind.ASSEMBLY)
    values = vars(record).copy()
    status = AssemblyStatus.ASSEMBLED if values.pop("passed") else AssemblyStatus.FAILED_QA
    session.add(Assembly(id=row.id, barcode=row.barcode, status=status, modified_by=user_id, **values))
    session.flush()
    if trace_ids:
        links = [{"trace_id": trace_id, "assembly_id": row.id} for trace_id in trace_ids]
        session.execute(insert(trace_assembly), links)
    if record.passed:
        _use(session, row.id, trace_ids, user_id)
    return row


def assembly_of_strain(session: Session, strain_id: int, sha256: str) -> Assembly | None:
    """Return the assembly of a strain that was brought in with this checksum."""
    of_strain = Assembly.traces.any(Trace.strain_id == strain_id)
    query = select(Assembly).where(of_strain, Assembly.stats["sha256"].astext == sha256)
    return session.scalar(query.order_by(Assembly.id).limit(1))


def find_assembly(session: Session, barcode: str) -> Assembly:
    """Return an assembly by its barcode.

    Raises:
        BadInput: not an assembly's barcode, one of another species, or of none that exists.
    """
    database = database_of(session)
    check(barcode, Kind.ASSEMBLY, barcode_prefix(session, database))
    found = session.scalar(select(Assembly).where(Assembly.barcode == barcode))
    if found is None:
        raise BadInput(
            f"the species {database!r} has no assembly {barcode!r}: `crobot assembly list {database}` lists them"
        )
    return found


def existing_assemblies(session: Session, barcodes: Collection[str]) -> dict[str, Assembly]:
    """Barcode → assembly; without the barcodes of none."""
    query = select(Assembly).where(Assembly.barcode.in_(barcodes))
    return {str(one.barcode): one for one in session.scalars(query)}


def find_assemblies(session: Session, barcodes: Sequence[str]) -> list[Assembly]:
    """Return assemblies by their barcodes, in their order.

    Raises:
        BadInput: one is given twice, is no assembly's barcode, one of another species, or of none that exists.
    """
    database = database_of(session)
    prefix = barcode_prefix(session, database)
    for barcode, times in Counter(barcodes).items():
        check(barcode, Kind.ASSEMBLY, prefix)
        if times > 1:
            raise BadInput(f"{barcode} is given {times} times: name each assembly once")
    found = existing_assemblies(session, barcodes)
    if missing := [barcode for barcode in barcodes if barcode not in found]:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise BadInput(
            f"the species {database!r} has no assembly {', '.join(missing[:_NAMED])}{more}: "
            f"`crobot assembly list {database}` lists them"
        )
    return [found[barcode] for barcode in barcodes]


def assemblies_in_use(session: Session, most: int) -> Sequence[Assembly]:
    """Return the assemblies that strains have in use, the oldest first, so many at most."""
    in_use = select(Strain.best_assembly).where(Strain.best_assembly.is_not(None))
    return session.scalars(
        select(Assembly).where(Assembly.id.in_(in_use)).order_by(Assembly.id).limit(most)
    ).all()


def find_made(session: Session, job_id: int) -> Assembly | None:
    """Return the assembly that a job made, if it is still there."""
    return session.scalar(select(Assembly).where(Assembly.job_id == job_id))


def judge_assembly(
    session: Session,
    assembly: Assembly,
    *,
    passed: bool,
    top_species: str | None,
    stats: dict[str, Any],
    user_id: int = 0,
) -> None:
    """Write a new verdict on an assembly; one that fails is no longer in use, one that passes is if nothing else is."""
    assembly.status = AssemblyStatus.ASSEMBLED if passed else AssemblyStatus.FAILED_QA
    assembly.top_species, assembly.modified_by = top_species, user_id
    assembly.stats = assembly.stats | stats
    of_assembly = select(Trace.strain_id).where(Trace.assemblies.any(Assembly.id == assembly.id))
    strains = select(Strain).where(Strain.id.in_(of_assembly)).order_by(Strain.id).with_for_update()
    for strain in session.scalars(strains):
        if passed and strain.best_assembly is None:
            strain.best_assembly = assembly.id
        elif not passed and strain.best_assembly == assembly.id:
            strain.best_assembly = None
    session.flush()


def strain_names(session: Session, assembly_ids: Collection[int]) -> dict[str, str]:
    """Return barcode → the name of its strain, or the barcode of one without; names are told apart."""
    query = (
        select(Assembly.barcode, func.min(Strain.strain))
        .outerjoin(trace_assembly, trace_assembly.c.assembly_id == Assembly.id)
        .outerjoin(Trace, Trace.id == trace_assembly.c.trace_id)
        .outerjoin(Strain, Strain.id == Trace.strain_id)
        .where(Assembly.id.in_(assembly_ids))
        .group_by(Assembly.barcode)
    )
    return told_apart({str(barcode): strain or str(barcode) for barcode, strain in session.execute(query)})


def strain_names_of(session: Session, barcodes: Collection[str]) -> dict[str, list[str]]:
    """Return, by barcode, the names of an assembly's strains, as a rule one; none if it belongs to none."""
    query = (
        select(Assembly.barcode, Strain.strain)
        .distinct()
        .join(Trace, Trace.strain_id == Strain.id)
        .join(trace_assembly, trace_assembly.c.trace_id == Trace.id)
        .join(Assembly, Assembly.id == trace_assembly.c.assembly_id)
        .where(Assembly.barcode.in_(barcodes))
        .order_by(Strain.strain)
    )
    found: dict[str, list[str]] = {barcode: [] for barcode in barcodes}
    for barcode, name in session.execute(query):
        found[str(barcode)].append(name)
    return found


def told_apart(names: Mapping[str, str]) -> dict[str, str]:
    """Return barcode → name, with the barcode beside a name that several have: a strain may have two assemblies."""
    times = Counter(names.values())
    return {barcode: f"{name} ({barcode})" if times[name] > 1 else name for barcode, name in names.items()}


def list_assemblies(
    session: Session, limit: int | None = None, strain: str = "", before: int | None = None
) -> Sequence[Row[Any]]:
    """Return the newest assemblies, the oldest of them first, all or those of a strain's name.

    With ``before`` only those of smaller numbers (``id``).
    ``strain`` is the names of their strains; ``schemes`` has status, version and scheme_version of each by description.
    """
    strains = (
        select(func.string_agg(Strain.strain.distinct(), literal(", ")))
        .select_from(Strain)
        .join(Trace, Trace.strain_id == Strain.id)
        .join(trace_assembly, trace_assembly.c.trace_id == Trace.id)
        .where(trace_assembly.c.assembly_id == Assembly.id)
        .scalar_subquery()
    )
    stand = func.jsonb_build_object(
        "status", AssemblyLookup.status,
        "version", AssemblyLookup.version,
        "scheme_version", AssemblyLookup.scheme_version,
    )  # fmt: skip
    schemes = (
        select(func.jsonb_object_agg(Scheme.description, stand))
        .select_from(AssemblyLookup)
        .join(Scheme, Scheme.id == AssemblyLookup.scheme_id)
        .where(AssemblyLookup.assembly_id == Assembly.id, AssemblyLookup.reference == "")
        .scalar_subquery()
    )
    columns = (
        Assembly.id,
        Assembly.barcode,
        strains.label("strain"),
        Assembly.status,
        Assembly.total_length.label("bases"),
        Assembly.contig_number.label("contigs"),
        Assembly.n50,
        func.coalesce(schemes, text("'{}'::jsonb")).label("schemes"),
        Assembly.file_pointer,
        Assembly.job_id,
        Assembly.pipeline_version,
    )
    query = select(*columns).order_by(Assembly.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Assembly.id < before)
    if strain:
        named = (
            select(Trace.strain_id).join(Strain, Strain.id == Trace.strain_id).where(Strain.strain == strain)
        )
        of_strain = select(trace_assembly.c.assembly_id).join(Trace, Trace.id == trace_assembly.c.trace_id)
        query = query.where(Assembly.id.in_(of_strain.where(Trace.strain_id.in_(named))))
    return session.execute(query).all()[::-1]


def _use(session: Session, assembly_id: int, trace_ids: Collection[int], user_id: int) -> None:
    owners = select(Trace.strain_id).where(Trace.id.in_(trace_ids))
    # in order of their ids, so that two finishing jobs lock them in the same order
    strains = select(Strain).where(Strain.id.in_(owners)).order_by(Strain.id).with_for_update()
    for strain in session.scalars(strains):
        strain.best_assembly, strain.modified_by = assembly_id, user_id
    session.flush()
