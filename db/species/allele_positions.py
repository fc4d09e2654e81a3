"""Where the loci of an assembly lie: stored as records, read locus by locus, and as the GFF text again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVarTuple

from sqlalchemy import BindParameter, Row, Select, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crobot_errors import BadInput
from db.engine import database_of
from db.species import Annotation, Assembly, AssemblyLookup, Locus, Scheme, Strain
from db.species.barcodes import Kind
from db.species.gff_index import WIDTH, Indexed, Place, decode, encode, place, place_in_text
from db.species.loci import loci_of

Columns = TypeVarTuple("Columns")
#: of assemblies, given with each execution
_BARCODES: BindParameter[Sequence[str]] = bindparam("barcodes", expanding=True)


class AlleleDetails(NamedTuple):
    """One locus of one assembly."""

    assembly: str
    locus: str
    place: Place


def store(session: Session, lookup_id: int, scheme_id: int, gff: str) -> None:
    """Store the GFF text of a result, in place of a former one."""
    indexed = encode(gff, _loci(session, scheme_id))
    row = insert(Annotation).values(lookup_id=lookup_id, **vars(indexed))
    same = {name: row.excluded[name] for name in vars(indexed)}
    session.execute(row.on_conflict_do_update(index_elements=["lookup_id"], set_=same))


def gff(session: Session, barcode: str, scheme: str) -> str:
    """Return the GFF text of a nomenclature result, letter by letter as the job wrote it.

    ``barcode`` is an assembly's, or a strain's, which stands for its assembly in use; ``scheme`` the description.

    Raises:
        BadInput: no such assembly, no such scheme, or the scheme has no annotation for it.
    """
    columns = select(Annotation, Scheme.id)
    query = _annotated(columns).where(Scheme.description == scheme)
    found = session.execute(query, {"barcodes": _assemblies(session, [barcode])}).first()
    if found is None:
        raise _nothing(session, barcode, scheme)
    row, scheme_id = found
    return decode(Indexed(row.records, row.contigs, row.rest), _loci(session, scheme_id))


def gffs(session: Session, assembly_id: int) -> Iterator[tuple[str, str]]:
    """Give the description of each scheme that has positions for an assembly, with its GFF text."""
    query = (
        select(Annotation, Scheme)
        .join(AssemblyLookup, AssemblyLookup.id == Annotation.lookup_id)
        .join(Scheme, Scheme.id == AssemblyLookup.scheme_id)
        .where(AssemblyLookup.assembly_id == assembly_id)
        .order_by(Scheme.id)
    )
    for row, scheme in session.execute(query).all():
        yield (
            scheme.description,
            decode(Indexed(row.records, row.contigs, row.rest), _loci(session, scheme.id)),
        )


def jobs(session: Session, assembly_id: int) -> list[tuple[int, int | None]]:
    """Return the id of each scheme that has positions for an assembly, with the job that they are from."""
    lookup = AssemblyLookup
    query = select(lookup.scheme_id, lookup.job_id).join(Annotation, Annotation.lookup_id == lookup.id)
    rows = session.execute(query.where(lookup.assembly_id == assembly_id).order_by(lookup.scheme_id))
    return [(row.scheme_id, row.job_id) for row in rows]


def get_allele_details_for_strain(
    session: Session, barcode: str, scheme: str, loci: Sequence[str]
) -> dict[str, Place]:
    """Return locus → what was found of it in an assembly, or in a strain's assembly in use.

    Only the records of these loci are read. ``scheme`` is the description, as MLST_Achtman.

    Raises:
        BadInput: no such assembly or scheme, no result of it, or not loci of the scheme.
    """
    found = {each.locus: each.place for each in get_allele_details(session, [barcode], scheme, loci)}
    if len(found) < len(set(loci)):
        raise _missing_loci(session, barcode, scheme, set(loci) - found.keys())
    return {locus: found[locus] for locus in loci}


def get_allele_details(
    session: Session, barcodes: Sequence[str], scheme: str, loci: Sequence[str]
) -> Iterator[AlleleDetails]:
    """Give what was found of loci in many assemblies or strains; those without a result are left out."""
    named = {"barcodes": _assemblies(session, barcodes), "scheme": scheme, "loci": loci}
    for row in session.execute(_records(), named):
        yield _details(session, row, scheme)


def _details(session: Session, row: Row[Any], scheme: str) -> AlleleDetails:
    found = place(bytes(row.record), row.contig)
    if found is None:
        found = place_in_text(gff(session, row.barcode, scheme), row.name)
    return AlleleDetails(row.barcode, row.name, found)


def _annotated(columns: Select[*Columns]) -> Select[*Columns]:
    """Join the annotations of the assemblies ``barcodes``, a parameter, with their schemes."""
    return (
        columns.select_from(Annotation)
        .join(AssemblyLookup, AssemblyLookup.id == Annotation.lookup_id)
        .join(Scheme, Scheme.id == AssemblyLookup.scheme_id)
        .join(Assembly, Assembly.id == AssemblyLookup.assembly_id)
        .where(Assembly.barcode.in_(_BARCODES))
    )


@cache
def _records() -> Select[Any]:
    """Build the statement once: that takes longer than its answer."""
    record = func.substring(Annotation.records, Locus.position * WIDTH + 1, WIDTH)
    contig = Annotation.contigs[func.get_byte(record, 0) * 256 + func.get_byte(record, 1)]
    columns: Select[Any] = select(
        Assembly.barcode, Locus.name, record.label("record"), contig.label("contig")
    )
    query = _annotated(columns).join(Locus, Locus.scheme_id == Scheme.id)
    wanted = (Scheme.description == bindparam("scheme"), Locus.name.in_(bindparam("loci", expanding=True)))
    return query.where(*wanted, func.length(record) == WIDTH)


def _assemblies(session: Session, barcodes: Sequence[str]) -> list[str]:
    """Put the assemblies in use in place of strains."""
    strains = {each for each in barcodes if each.endswith(f"_{Kind.STRAIN}")}
    found = set(barcodes) - strains
    if strains:
        in_use = select(Assembly.barcode).join(Strain, Strain.best_assembly == Assembly.id)
        found.update(session.scalars(in_use.where(Strain.barcode.in_(strains))))
    return list(found)


def _loci(session: Session, scheme_id: int) -> Sequence[str]:
    query = select(Locus.name).where(Locus.scheme_id == scheme_id).order_by(Locus.position)
    return session.scalars(query).all()


def _missing_loci(session: Session, barcode: str, scheme: str, missing: Iterable[str]) -> BadInput:
    row = session.scalar(select(Scheme).where(Scheme.description == scheme))
    if row is not None:
        known = {locus.name for locus in loci_of(session, row)}
        if unknown := sorted(set(missing) - known):
            some = ", ".join(sorted(known)[:10]) or "none"
            return BadInput(
                f"not loci of the scheme {scheme!r}: {', '.join(unknown)}; its {len(known)} loci are {some}"
                + (", …" if len(known) > 10 else "")
            )
    return _nothing(session, barcode, scheme)


def _nothing(session: Session, barcode: str, scheme: str) -> BadInput:
    named = {"barcodes": _assemblies(session, [barcode])}
    have = session.scalars(_annotated(select(Scheme.description)).order_by(Scheme.id), named).all()
    if session.scalar(select(Assembly.id).where(Assembly.barcode.in_(_BARCODES)), named) is None:
        return BadInput(
            f"the species {database_of(session)!r} has no assembly {barcode!r}, and no strain of this barcode "
            "with an assembly in use"
        )
    return BadInput(
        f"{barcode} has no allele positions by a scheme {scheme!r}: there are those of {', '.join(have) or 'none'}"
    )
