"""Which strains or assemblies people mean by what they write into a list: barcodes, names, accessions of runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CompoundSelect, select, union_all
from sqlalchemy.orm import Session

from db.engine import database_of
from db.species import Assembly, Strain, Trace

#: what was written → the barcode, and why there is nothing to be done (then what was written stands for the barcode)
Chosen = dict[str, tuple[str, str]]


def strains(session: Session, keys: Sequence[str]) -> Chosen:
    """Find strains by barcode, name, or the accession of a run of theirs; a name that two have is nobody's."""
    known: CompoundSelect[Any] = union_all(
        select(Strain.barcode.label("key"), Strain.barcode.label("barcode")).where(Strain.barcode.in_(keys)),
        select(Strain.strain, Strain.barcode).where(Strain.strain.in_(keys)),
        select(Trace.accession, Strain.barcode)
        .join(Strain, Strain.id == Trace.strain_id)
        .where(Trace.accession.in_(keys)),
    )
    return _only(session, keys, known, "strain {!r}")


def assemblies(session: Session, keys: Sequence[str]) -> Chosen:
    """Find assemblies by barcode, or the one in use of a strain by that one's barcode or name."""
    of_strain = select(Strain.strain, Assembly.barcode).join(Assembly, Assembly.id == Strain.best_assembly)
    known: CompoundSelect[Any] = union_all(
        select(Assembly.barcode.label("key"), Assembly.barcode.label("barcode")).where(
            Assembly.barcode.in_(keys)
        ),
        select(Strain.barcode, Assembly.barcode)
        .join(Assembly, Assembly.id == Strain.best_assembly)
        .where(Strain.barcode.in_(keys)),
        of_strain.where(Strain.strain.in_(keys)),
    )
    return _only(session, keys, known, "assembly {!r}, and no strain of this name has one in use")


def _only(session: Session, keys: Sequence[str], known: CompoundSelect[Any], what: str) -> Chosen:
    found: dict[str, set[str]] = {}
    for key, barcode in session.execute(known):
        found.setdefault(key, set()).add(barcode)
    return {key: _one(key, sorted(found.get(key, ())), what, database_of(session)) for key in keys}


def _one(key: str, barcodes: Sequence[str], what: str, database: str) -> tuple[str, str]:
    if len(barcodes) == 1:
        return barcodes[0], ""
    if barcodes:
        return key, f"{len(barcodes)} are called {key!r}: name one by its barcode ({', '.join(barcodes[:5])})"
    return key, f"the species {database!r} has no {what.format(key)}"
