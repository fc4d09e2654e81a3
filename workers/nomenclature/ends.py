"""The ends of a locus that a local alignment left off, pure: where they end in the contig, and how alike they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

#: costs beside 1 for two different letters: a gap's first letter, and each further one
GAP, LONGER_GAP = 5.0, 1.0
#: BLAST leaves off so many bases where the last few differ; so short an end is compared letter by letter
SHORT = 12
#: so long an end, as a share of the allele, may be quite unlike; of a longer one this share of the letters is alike
LONG, ALIKE = 0.1, 0.6

#: cost, letters that differ in the order of preference, and columns
_State: TypeAlias = tuple[float, int, int]
_NEVER: _State = (float("inf"), 0, 0)


@dataclass(frozen=True)
class End:
    """One end of an allele in the contig; ``length`` is in bases of the contig, ``columns`` are the alignment's."""

    length: int
    matches: int
    columns: int
    #: whether it is the allele's end: all of it lies in the contig, and it is no unlike sequence of some length
    reached: bool


def end_of(allele_end: str, beside: str, allele_length: int) -> End:
    """Compare what is left of an allele, read away from what is aligned, with the bases that lie beside that."""
    if len(beside) < len(allele_end):
        # the contig ends first
        return End(0, 0, 0, reached=False)
    if len(allele_end) <= SHORT:
        same = sum(one == other for one, other in zip(allele_end, beside, strict=False))
        return End(len(allele_end), same, len(allele_end), reached=True)
    return _aligned(allele_end, beside, allele_length)


def _aligned(allele_end: str, beside: str, allele_length: int) -> End:
    # no more of the contig than the end has with gaps of half its length
    beside = beside[: len(allele_end) * 3 // 2]
    last_row = _rows(allele_end, beside)
    length = min(range(len(last_row)), key=lambda at: (last_row[at], abs(at - len(allele_end))))
    _, unlike, columns = last_row[length]
    matches = columns - unlike
    reached = len(allele_end) <= LONG * allele_length or matches >= ALIKE * columns
    return End(length, matches, columns, reached)


def _rows(allele_end: str, beside: str) -> list[_State]:
    """How well the whole end is aligned with each number of bases (0, 1 …), by Gotoh's recursion."""
    insertion = _NEVER
    best: list[_State] = [(0.0, 0, 0)]
    for _ in beside:
        insertion = min(_plus(best[-1], GAP), _plus(insertion, LONGER_GAP))
        best.append(insertion)
    deletions = [_NEVER] * len(best)
    for letter in allele_end:
        deletions = [
            min(_plus(above, GAP), _plus(deletion, LONGER_GAP))
            for above, deletion in zip(best, deletions, strict=True)
        ]
        row, insertion = [deletions[0]], _NEVER
        for at, base in enumerate(beside):
            insertion = min(_plus(row[-1], GAP), _plus(insertion, LONGER_GAP))
            diagonal = _plus(best[at], float(letter != base), letter != base)
            row.append(min(diagonal, insertion, deletions[at + 1]))
        best = row
    return best


def _plus(state: _State, cost: float, unlike: int = 1) -> _State:
    return state[0] + cost, state[1] + unlike, state[2] + 1
