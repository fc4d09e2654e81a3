"""Which bases of the reference an assembly decides, and where it differs, pure: alignments → calls with reasons.

A contig is trustworthy in its middle. What makes false SNPs lies at the ends of contigs, where an assembler has
guessed its way into a repeat, beside gaps of an alignment, and where two contigs claim the same place. Where the reads
say how sure each base is, they decide instead of a guess, and may be believed even within repeats of the reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from workers.assembling.base_quality import LOW, LOW_IN_REPEATS
from workers.run_lengths import Array
from workers.snp.genome import Genome
from workers.snp.limits import Limits
from workers.snp.paf import Alignment, Difference, places
from workers.snp.pieces import BASES, Piece, pieces


class Verdict(IntEnum):
    """Of one base of the reference; the largest of several that apply."""

    MISSING = 0
    CALLED = 1
    #: a substitution within a crowd of others, as unequal copies of a repeat have
    CROWDED = 2
    NEAR_GAP = 3
    ALIGNMENT_END = 4
    #: the alignment, or the piece of it, is short
    SHORT_ALIGNMENT = 5
    #: too much around it differs
    DIVERGED = 6
    #: the contig fits another place as well
    SEVERAL_PLACES = 7
    SEVERAL_ALIGNMENTS = 8
    AMBIGUOUS_BASE = 9
    #: the assembly's own reads do not agree on it
    LOW_QUALITY = 10
    DELETED = 11


@dataclass(frozen=True)
class Snp:
    """A substitution; ``position`` counts over the whole reference, from 0."""

    position: int
    reference: str
    base: str
    verdict: Verdict
    contig: str
    #: on the contig, from 0
    at: int
    strand: str
    quality: int


@dataclass(frozen=True)
class Calls:
    """What an assembly says of every base of the reference."""

    genome: Genome
    verdicts: Array
    snps: list[Snp]
    #: which bases are not believed where the reference has long repeats; None: nothing is known of the reads
    doubtful: Array | None

    @property
    def called_share(self) -> float:
        """Share of the reference that is decided."""
        return float(np.mean(self.verdicts == Verdict.CALLED)) if len(self.verdicts) else 0.0

    @property
    def left_out(self) -> dict[str, int]:
        """Reason → bases that are not decided for it."""
        counts = np.bincount(self.verdicts, minlength=len(Verdict)).tolist()
        return {
            each.name.lower(): counts[each] for each in Verdict if each != Verdict.CALLED and counts[each]
        }


def call(
    alignments: Sequence[Alignment],
    genome: Genome,
    qualities: Mapping[str, Array] | None = None,
    limits: Limits | None = None,
) -> Calls:
    """Judge every base of the reference; ``qualities`` are those of each contig's bases, if they are known."""
    limits = limits or Limits()
    cut = [
        (piece, _flaw(each, piece, genome, limits)) for each in alignments for piece in pieces(each, limits)
    ]
    weak = [(piece.alignment, flaw) for piece, flaw in cut if flaw is not None]
    believed = [piece for piece, flaw in cut if flaw is None]
    good = [piece.alignment for piece in believed]
    verdicts = np.full(genome.size, Verdict.MISSING, np.uint8)
    depth = np.zeros(genome.size, np.uint16)
    for each in alignments:
        _delete(verdicts, genome, each)
    for each, flaw in weak:
        part = _stretch(verdicts, genome, each, each.start, each.end)
        part[part != Verdict.DELETED] = flaw
    for each in good:
        _stretch(depth, genome, each, each.start, each.end)[:] += 1
        _stretch(verdicts, genome, each, each.start, each.end)[:] = Verdict.CALLED
    for piece in believed:
        _doubt(verdicts, genome, piece, limits)
    verdicts[depth > 1] = Verdict.SEVERAL_ALIGNMENTS
    doubtful = None if qualities is None else np.zeros(genome.size, bool)
    if qualities is not None and doubtful is not None:
        for each in good:
            _weigh(verdicts, doubtful, genome, each, qualities[each.contig], limits)
    for each in good:
        _delete(verdicts, genome, each)
    return Calls(genome, verdicts, _snps(verdicts, genome, good, weak), doubtful)


def _flaw(whole: Alignment, piece: Piece, genome: Genome, limits: Limits) -> Verdict | None:
    """Why a piece is not trusted, if so."""
    # contigs of a scattered reference may be shorter than what is asked for
    least = min(limits.min_length, genome.lengths[whole.reference] // 2)
    shorter = least if piece.whole else min(least, limits.min_piece)
    if whole.quality < limits.min_quality:
        return Verdict.SEVERAL_PLACES
    if piece.unlike:
        return Verdict.DIVERGED
    short = whole.length < least or piece.alignment.length < max(shorter, 2 * limits.reference_end + 1)
    return Verdict.SHORT_ALIGNMENT if short else None


def _stretch(values: Array, genome: Genome, each: Alignment, start: int, end: int) -> Array:
    """A view of part of an alignment."""
    begin = genome.offsets[each.reference]
    return values[begin + max(start, each.start) : begin + min(end, each.end)]


def _weigh(
    verdicts: Array, doubtful: Array, genome: Genome, each: Alignment, quality: Array, limits: Limits
) -> None:
    """Carry the quality of the contig's bases to the reference's."""
    at, aligned = places(each), quality[each.contig_start : each.contig_end]
    begin = genome.offsets[each.reference]
    low = begin + at[(at >= 0) & (aligned < LOW)]
    verdicts[low] = np.maximum(verdicts[low], np.uint8(Verdict.LOW_QUALITY))
    doubtful[begin + at[(at >= 0) & (aligned < LOW_IN_REPEATS)]] = True
    if each.start > limits.reference_end:
        _stretch(doubtful, genome, each, each.start, each.start + limits.repeat_end)[:] = True
    if genome.lengths[each.reference] - each.end > limits.reference_end:
        _stretch(doubtful, genome, each, each.end - limits.repeat_end, each.end)[:] = True


def _doubt(verdicts: Array, genome: Genome, piece: Piece, limits: Limits) -> None:
    """Lower the verdict where the alignment itself gives reason to."""
    each = piece.alignment

    def worsen(start: int, end: int, to: Verdict) -> None:
        part = _stretch(verdicts, genome, each, start, end)
        np.maximum(part, np.uint8(to), out=part)

    whole = genome.lengths[each.reference]
    head = limits.end if each.start > limits.end or not piece.first else limits.reference_end
    tail = limits.end if whole - each.end > limits.end or not piece.last else limits.reference_end
    worsen(each.start, each.start + head, Verdict.ALIGNMENT_END)
    worsen(each.end - tail, each.end, Verdict.ALIGNMENT_END)
    gaps = [*each.deletions, *((at, at) for at, _ in each.insertions)]
    for start, end in gaps:
        worsen(start - limits.near_gap, end + limits.near_gap, Verdict.NEAR_GAP)
    for start, end in _crowds(each.substitutions, limits):
        worsen(start, end, Verdict.CROWDED)
    for one in each.substitutions:
        if one.base not in BASES or one.reference not in BASES:
            worsen(one.start, one.start + 1, Verdict.AMBIGUOUS_BASE)


def _crowds(substitutions: Sequence[Difference], limits: Limits) -> list[tuple[int, int]]:
    """Stretches with too many substitutions."""
    starts = [one.start for one in substitutions]
    most = limits.crowd - 1
    return [
        (first, last + 1)
        for first, last in zip(starts, starts[most:], strict=False)
        if last - first < limits.crowd_window
    ]


def _delete(verdicts: Array, genome: Genome, each: Alignment) -> None:
    for start, end in each.deletions:
        _stretch(verdicts, genome, each, start, end)[:] = Verdict.DELETED


def _snps(
    verdicts: Array, genome: Genome, good: Sequence[Alignment], weak: Sequence[tuple[Alignment, Verdict]]
) -> list[Snp]:
    """All substitutions; what a weak alignment says is never believed, also where a good one decides the place."""
    believed = [
        (each, one, _verdict(verdicts, genome, each, one)) for each in good for one in each.substitutions
    ]
    others = [
        (each, one, max(flaw, _verdict(verdicts, genome, each, one)))
        for each, flaw in weak
        for one in each.substitutions
    ]
    found = [
        Snp(
            genome.offsets[each.reference] + one.start,
            one.reference,
            one.base,
            verdict,
            each.contig,
            one.at,
            each.strand,
            each.quality,
        )
        for each, one, verdict in [*believed, *others]
    ]
    return sorted(found, key=lambda snp: (snp.position, snp.contig, snp.at))


def _verdict(verdicts: Array, genome: Genome, each: Alignment, one: Difference) -> Verdict:
    return Verdict(int(verdicts[genome.offsets[each.reference] + one.start]))
