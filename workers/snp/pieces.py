"""Alignments cut into pieces, pure: at long gaps, and around what is unlike, so that each piece is judged alone.

An aligner joins what lies on both sides of an island into one alignment. The identity of the whole says nothing then: a
prophage of 40 kb makes 170 kb seem unlike, and a recombined gene is lost among 170 kb that are alike.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workers.run_lengths import Array, run_lengths
from workers.snp.limits import Limits
from workers.snp.paf import Alignment, Difference

BASES = frozenset("ACGT")


@dataclass(frozen=True)
class Piece:
    """Part of an alignment, as an alignment of its own; ``unlike`` if its bases differ too much."""

    alignment: Alignment
    unlike: bool
    #: whether it begins, and ends, where the alignment does
    first: bool = True
    last: bool = True

    @property
    def whole(self) -> bool:
        """Whether it is the alignment as it was."""
        return self.first and self.last


def pieces(each: Alignment, limits: Limits) -> list[Piece]:
    """Cut an alignment; what a long gap leaves out belongs to no piece."""
    unlike = _unlike(each, limits)
    parts = [
        (each.start + start, each.start + end, bool(value))
        for first, last in _between_gaps(each, limits.long_gap)
        for start, end, value in _runs(unlike, first - each.start, last - each.start)
    ]
    if len(parts) == 1 and parts[0][:2] == (each.start, each.end):
        return [Piece(each, parts[0][2])]
    return [
        Piece(_part(each, start, end), value, first=start == each.start, last=end == each.end)
        for start, end, value in parts
    ]


def _runs(values: Array, first: int, last: int) -> Iterator[tuple[int, int, int]]:
    return ((first + start, first + end, value) for start, end, value in run_lengths(values[first:last]))


def _between_gaps(each: Alignment, least: int) -> Iterator[tuple[int, int]]:
    """Stretches of the reference without a long gap."""
    gaps = [(start, end) for start, end in each.deletions if end - start >= least]
    gaps += [(at, at) for at, length in each.insertions if length >= least]
    here = each.start
    for start, end in sorted(gaps):
        yield here, start
        here = end
    yield here, each.end


def _unlike(each: Alignment, limits: Limits) -> Array:
    """Of each base of the reference, whether it lies in a window with too many differences."""
    places = [one.start for one in each.substitutions if one.base in BASES and one.reference in BASES]
    places += [at for at, _ in (*each.deletions, *each.insertions)]
    changes = np.bincount(np.array(places, np.int64) - each.start, minlength=each.length)[: each.length]
    sums = np.concatenate(([0], np.cumsum(changes)))
    window = min(limits.window, each.length)
    within = sums[window:] - sums[: len(sums) - window]
    starts = np.flatnonzero(within > round((1 - limits.min_identity) * window, 6))
    marks = np.zeros(each.length + 1, np.int32)
    marks[starts] += 1
    np.subtract.at(marks, starts + window, 1)
    covered: Array = np.cumsum(marks)[:-1] > 0
    return covered


def _part(each: Alignment, start: int, end: int) -> Alignment:
    """The same alignment between two places of the reference."""
    first = max(0, bisect_right(each.blocks, start, key=lambda block: block[0]) - 1)
    last = bisect_left(each.blocks, end, lo=first, key=lambda block: block[0])
    blocks = [
        (max(begin, start), taken + max(0, start - begin), min(begin + length, end) - max(begin, start))
        for begin, taken, length in each.blocks[first:last]
        if begin + length > start
    ]
    walked, stop = (blocks[0][1], blocks[-1][1] + blocks[-1][2]) if blocks else (0, 0)
    plus = each.strand == "+"
    return replace(
        each,
        start=start,
        end=end,
        contig_start=each.contig_start + walked if plus else each.contig_end - stop,
        contig_end=each.contig_start + stop if plus else each.contig_end - walked,
        substitutions=_between(each.substitutions, start, end),
        deletions=[(max(a, start), min(b, end)) for a, b in each.deletions if a < end and b > start],
        insertions=[(at, length) for at, length in each.insertions if start < at < end],
        blocks=[(begin, taken - walked, length) for begin, taken, length in blocks],
    )


def _between(substitutions: Sequence[Difference], start: int, end: int) -> list[Difference]:
    first = bisect_left(substitutions, start, key=lambda one: one.start)
    return list(substitutions[first : bisect_left(substitutions, end, lo=first, key=lambda one: one.start)])
