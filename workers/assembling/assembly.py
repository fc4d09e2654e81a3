"""Assemblies: reading FASTA, filtering and naming contigs, and the statistics by which they are judged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from workers.fasta import Record, read_records

#: contigs are dropped whose depth is at most this share of the mean
THIN = 0.2
#: shorter contigs are not counted in genomes that were assembled elsewhere: assemblers leave them out by themselves
SHORTEST_COUNTED = 200
LINE = 80


@dataclass(frozen=True)
class Contig:
    """One sequence; ``depth`` is 0 where it is unknown."""

    name: str
    sequence: str
    depth: float = 0.0

    @property
    def length(self) -> int:
        """Bases."""
        return len(self.sequence)


@dataclass(frozen=True)
class Statistics:
    """Of an assembly; N50 and L50 in their usual sense, shares between 0 and 1."""

    bases: int
    contigs: int
    n50: int
    l50: int
    largest: int
    n_share: float
    gc_share: float
    mean_depth: float

    def as_dict(self) -> dict[str, Any]:
        """Rounded, for the results."""
        return {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


def read_contigs(path: Path, depths: re.Pattern[str] | None = None) -> list[Contig]:
    """Read FASTA; ``depths`` finds an assembler's depth in a header as its first group.

    Raises: BadInput if it is not FASTA, or has no sequence.
    """
    return [_contig(record, depths) for record in read_records(path)]


def _contig(record: Record, depths: re.Pattern[str] | None) -> Contig:
    found = depths.search(record.header) if depths else None
    return Contig(record.name, record.sequence, float(found.group(1)) if found else 0.0)


def write_contigs(contigs: Iterable[Contig], path: Path) -> None:
    """Write FASTA with length and depth in the headers."""
    with path.open("w", encoding="ascii") as file:
        for contig in contigs:
            file.write(f">{contig.name} length={contig.length} depth={contig.depth:.1f}\n")
            for at in range(0, contig.length, LINE):
                file.write(contig.sequence[at : at + LINE] + "\n")


def mean_depth(contigs: Sequence[Contig]) -> float:
    """Depth per base."""
    bases = sum(contig.length for contig in contigs)
    return sum(contig.depth * contig.length for contig in contigs) / bases if bases else 0.0


def keep_solid(contigs: Iterable[Contig], min_length: int) -> list[Contig]:
    """Drop short contigs, then those that are thin beside the rest (contamination, errors)."""
    long = [contig for contig in contigs if contig.length >= min_length]
    limit = THIN * mean_depth(long)
    return [contig for contig in long if contig.depth > limit or limit == 0]


def counted(contigs: Sequence[Contig]) -> list[Contig]:
    """The contigs by which a genome that was assembled elsewhere is judged; if all are short, all of them."""
    return [contig for contig in contigs if contig.length >= SHORTEST_COUNTED] or list(contigs)


def scale_depths(contigs: Sequence[Contig], read_bases: int) -> list[Contig]:
    """Turn an assembler's own measure (k-mers) into read depth, whose mean we know from the reads."""
    bases, mean = sum(contig.length for contig in contigs), mean_depth(contigs)
    factor = read_bases / bases / mean if mean else 0.0
    return [replace(contig, depth=contig.depth * factor) for contig in contigs]


def name_by_length(contigs: Iterable[Contig], prefix: str) -> list[Contig]:
    """Longest first, as ``<prefix>_1``, ``<prefix>_2``…; ties by sequence, so that the order is certain."""
    ordered = sorted(contigs, key=lambda contig: (-contig.length, contig.sequence))
    return [replace(contig, name=f"{prefix}_{number}") for number, contig in enumerate(ordered, 1)]


def statistics(contigs: Sequence[Contig]) -> Statistics:
    """The statistics of an assembly that has at least one contig."""
    lengths = sorted((contig.length for contig in contigs), reverse=True)
    bases = sum(lengths)
    n50, l50 = _n50(lengths)
    counts = {letter: sum(contig.sequence.upper().count(letter) for contig in contigs) for letter in "ACGTN"}
    called = sum(counts[letter] for letter in "ACGT")
    return Statistics(
        bases=bases,
        contigs=len(lengths),
        n50=n50,
        l50=l50,
        largest=lengths[0],
        n_share=counts["N"] / bases,
        gc_share=(counts["G"] + counts["C"]) / called if called else 0.0,
        mean_depth=mean_depth(contigs),
    )


def _n50(lengths: Sequence[int]) -> tuple[int, int]:
    """N50 and L50 of lengths in falling order."""
    half, covered = sum(lengths) / 2, 0
    for number, length in enumerate(lengths, 1):
        covered += length
        if covered >= half:
            return length, number
    return 0, 0
