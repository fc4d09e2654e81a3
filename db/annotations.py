"""The loci of nomenclature schemes on an assembly, by position: read from the annotations of its lookups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.species import AssemblyLookup, Scheme


class PlacedLocus(NamedTuple):
    """A locus where it lies in an assembly; positions count from 1, the end is included."""

    scheme: str
    locus: str
    #: its number, or "new", as the GFF says
    allele: str
    contig: str
    start: int
    end: int
    strand: str


def placed_loci(session: Session, assembly_id: int) -> Iterator[PlacedLocus]:
    """Every locus of every scheme that an assembly was typed by."""
    rows = session.execute(
        select(Scheme.description, AssemblyLookup.annotation)
        .join(Scheme, Scheme.id == AssemblyLookup.scheme_id)
        .where(AssemblyLookup.assembly_id == assembly_id, AssemblyLookup.annotation.is_not(None))
        .order_by(Scheme.id)
    )
    for scheme, gff in rows:
        for line in (gff or "").splitlines():
            if line and not line.startswith("#"):
                yield _locus(scheme, line)


def _locus(scheme: str, line: str) -> PlacedLocus:
    contig, _, _, start, end, _, strand, _, attributes = line.split("\t")
    values = {
        key: unquote(value) for key, _, value in (pair.partition("=") for pair in attributes.split(";"))
    }
    return PlacedLocus(
        scheme,
        values.get("locus", ""),
        values.get("allele", ""),
        unquote(contig),
        int(start),
        int(end),
        strand,
    )
