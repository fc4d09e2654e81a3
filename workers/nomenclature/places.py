"""Places of loci in an assembly, pure: BLAST hits → regions → what lies there, compared letter by letter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from workers.fasta import reverse_complement
from workers.nomenclature.schemes import Locus

#: the columns that ``parse_hits`` reads
OUTFMT = "6 qseqid sseqid qlen qstart qend sstart send nident mismatch length"
#: room beside a place for known alleles that are shifted by insertions and deletions
SLACK = 30


@dataclass(frozen=True)
class Hit:
    """One BLAST alignment of an allele (query); positions count from 0, the end is not included."""

    locus: str
    number: int
    allele_length: int
    allele_start: int
    allele_end: int
    subject: str
    start: int
    end: int
    strand: str
    matches: int
    mismatches: int
    columns: int

    @property
    def left(self) -> int:
        """Bases of the allele before the alignment, as it lies on the subject's plus strand."""
        return self.allele_start if self.strand == "+" else self.allele_length - self.allele_end

    @property
    def right(self) -> int:
        """Bases of the allele after the alignment, as it lies on the subject's plus strand."""
        return self.allele_length - self.allele_end if self.strand == "+" else self.allele_start


@dataclass(frozen=True)
class Region:
    """A stretch of a contig where a locus may lie (the core), with room on both sides."""

    locus: str
    contig: str
    strand: str
    #: of the stretch with its room, on the contig's plus strand
    start: int
    #: the stretch with its room, on the locus' strand
    sequence: str
    core_start: int
    core_end: int

    def place(self, start: int, end: int, **found: object) -> Place:
        """What lies at a part of this region, in the contig's positions."""
        if self.strand == "+":
            begin = self.start + start
        else:
            begin = self.start + len(self.sequence) - end
        sequence = self.sequence[start:end]
        return Place(self.contig, begin, begin + end - start, self.strand, sequence, **found)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Place:
    """Where an allele lies, or a part of one; positions count from 0, the end is not included."""

    contig: str
    start: int
    end: int
    strand: str
    #: on the locus' strand, in upper case
    sequence: str
    #: of the known allele that it is, letter by letter
    number: int | None
    identity: float
    coverage: float
    #: the complete locus
    whole: bool
    #: certainly this locus, but not all of it
    broken: bool

    @property
    def length(self) -> int:
        """Bases."""
        return self.end - self.start

    def lies_on(self, other: Place) -> bool:
        """Whether more than half of the shorter one is shared."""
        overlap = min(self.end, other.end) - max(self.start, other.start)
        return self.contig == other.contig and overlap * 2 > min(self.length, other.length)


def parse_hits(lines: Iterable[str], subjects: Sequence[str]) -> Iterator[Hit]:
    """BLAST's tabular lines in the columns of ``OUTFMT``; the subjects are numbered there."""
    for line in lines:
        query, subject, *numbers = line.split("\t")
        locus, _, number = query.rpartition("_")
        length, q_start, q_end, s_start, s_end, matches, mismatches, columns = map(int, numbers)
        strand = "+" if s_start <= s_end else "-"
        yield Hit(
            locus, int(number), length, q_start - 1, q_end, subjects[int(subject)],
            min(s_start, s_end) - 1, max(s_start, s_end), strand, matches, mismatches, columns,
        )  # fmt: skip


def regions(
    hits: Iterable[Hit], contigs: Mapping[str, str], loci: Mapping[str, Locus]
) -> dict[str, list[Region]]:
    """Where each locus may lie: hits of several alleles at one place are one region."""
    spans: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
    for hit in hits:
        end = min(hit.end + hit.right, len(contigs[hit.subject]))
        spans[hit.locus, hit.subject, hit.strand].append((max(hit.start - hit.left, 0), end))
    found: dict[str, list[Region]] = defaultdict(list)
    for (locus, contig, strand), each in sorted(spans.items()):
        for start, end in _merged(each):
            found[locus].append(_region(loci[locus], contig, strand, contigs[contig], start, end))
    return found


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join what overlaps by more than half of the shorter: copies side by side stay apart."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged:
            before_start, before_end = merged[-1]
            overlap = min(end, before_end) - start
            if overlap * 2 > min(end - start, before_end - before_start):
                merged[-1] = (before_start, max(end, before_end))
                continue
        merged.append((start, end))
    return merged


def _region(locus: Locus, contig: str, strand: str, bases: str, start: int, end: int) -> Region:
    room = SLACK + max(locus.longest - (end - start), 0)
    first, last = max(start - room, 0), min(end + room, len(bases))
    sequence = bases[first:last]
    core = (start - first, end - first)
    if strand == "-":
        sequence = reverse_complement(sequence)
        core = (last - end, last - start)
    return Region(locus.name, contig, strand, first, sequence, *core)


def exact_places(
    by_locus: Mapping[str, Iterable[Region]], alleles: Iterable[tuple[str, int, str]]
) -> dict[Region, Place]:
    """The longest known allele that each region contains, letter by letter."""
    found: dict[Region, Place] = {}
    for locus, number, sequence in alleles:
        for region in by_locus.get(locus, ()):
            if region in found and found[region].length >= len(sequence):
                continue
            at = _find_in_core(region, sequence)
            if at >= 0:
                found[region] = region.place(
                    at,
                    at + len(sequence),
                    number=number,
                    identity=1.0,
                    coverage=1.0,
                    whole=True,
                    broken=False,
                )
    return found


def _find_in_core(region: Region, sequence: str) -> int:
    """Where a region contains a sequence, with more than half of it in the core; -1 if nowhere."""
    at = region.sequence.find(sequence)
    while at >= 0:
        overlap = min(at + len(sequence), region.core_end) - max(at, region.core_start)
        if overlap * 2 > min(len(sequence), region.core_end - region.core_start):
            return at
        at = region.sequence.find(sequence, at + 1)
    return -1
