"""The loci of nomenclature schemes on an assembly, by position: read from the annotations of its lookups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from sqlalchemy.orm import Session

from db.species import allele_positions
from db.species.gff_index import features


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
    for scheme, gff in allele_positions.gffs(session, assembly_id):
        for columns, attributes in features(gff):
            contig, _, _, start, end, _, strand, *_ = columns
            allele = attributes.get("allele", "")
            yield PlacedLocus(
                scheme, attributes["locus"], allele, unquote(contig), int(start), int(end), strand
            )
