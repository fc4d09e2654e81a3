"""Copies of one repeat side by side, pure: from a word that recurs to the whole repeat, and to its worn copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low

from workers.annotating.recurring_words import WORD, Begins

#: bases; those of nearly all published arrays (CRISPRFinder: repeats of 23 to 55 and spacers of 0.6 to 2.5 repeats)
SHORTEST_REPEAT, LONGEST_REPEAT = 21, 50
SHORTEST_SPACER, LONGEST_SPACER = 20, 72
#: a column belongs to the repeat if so many copies have one letter there (as in CRT)
AGREED = 0.75
#: the last copies of an array are often worn; so much of the consensus a copy has
ALIKE = 2 / 3
#: the consensus and its copies have settled after one or two rounds
MOST_ROUNDS = 8


@dataclass(frozen=True)
class Copies:
    """Where the copies of a repeat begin, from left to right (from 0), and what most of them say."""

    begins: Begins
    consensus: str

    def repeats(self, sequence: str) -> list[str]:
        """Every copy, as it stands there."""
        return [sequence[begin : begin + len(self.consensus)] for begin in self.begins]

    def spacers(self, sequence: str) -> list[str]:
        """What lies between the copies."""
        return [sequence[begin + len(self.consensus) : after] for begin, after in pairwise(self.begins)]


def copies_around(sequence: str, words: Sequence[Begins]) -> Copies | None:
    """All copies of the repeat to which these words belong; None if there is no repeat of an array's size."""
    begins = max(words, key=lambda word: (len(word), -word[0]))
    for _ in range(MOST_ROUNDS):
        first, last = _columns(sequence, begins)
        if not SHORTEST_REPEAT <= last - first <= LONGEST_REPEAT:
            return None
        copies = _extended(sequence, tuple(begin + first for begin in begins), last - first)
        if len(copies.begins) < 3:
            return None
        before, begins = begins, tuple(begin - first for begin in copies.begins)
        if begins == before:
            break
    return copies


def identity(copy: str, consensus: str) -> float:
    """The share of equal letters."""
    return sum(one == other for one, other in zip(copy, consensus, strict=False)) / len(consensus)


def _columns(sequence: str, begins: Begins) -> tuple[int, int]:
    """How far the copies agree to both sides of a word: first column, and the one after the last."""
    first, last = 0, WORD
    while last - first <= LONGEST_REPEAT and (step := _step(sequence, begins, first - 1, -1)):
        first -= step
    while last - first <= LONGEST_REPEAT and (step := _step(sequence, begins, last, 1)):
        last += step
    return first, last


def _step(sequence: str, begins: Begins, column: int, way: int) -> int:
    """Columns to go on: one that agrees, three if the two behind one that does not agree do, or none."""
    if _agree(sequence, begins, column):
        return 1
    behind = (column + way, column + 2 * way)
    return 3 if all(_agree(sequence, begins, each) for each in behind) else 0


def _agree(sequence: str, begins: Begins, column: int) -> bool:
    if begins[0] + column < 0 or begins[-1] + column >= len(sequence):
        return False
    letters = Counter(sequence[begin + column] for begin in begins)
    return letters.most_common(1)[0][1] >= AGREED * len(begins)


def _consensus(sequence: str, begins: Begins, length: int) -> str:
    columns = (sorted(sequence[begin + column] for begin in begins) for column in range(length))
    # of letters that are equally often there the first one
    return "".join(Counter(letters).most_common(1)[0][0] for letters in columns)


def _extended(sequence: str, begins: Begins, length: int) -> Copies:
    """With the copies that lie between these, before them and after them."""
    consensus = _consensus(sequence, begins, length)
    period = median_low(after - begin for begin, after in pairwise(begins))
    found = [begins[0]]
    for after in begins[1:]:
        found += _following(sequence, consensus, found[-1], period, after - length - SHORTEST_SPACER)
        found.append(after)
    found += _following(sequence, consensus, found[-1], period, len(sequence) - length)
    found = _preceding(sequence, consensus, found[0], period) + found
    return Copies(_longest_run(found, length), consensus)


def _following(sequence: str, consensus: str, begin: int, period: int, last: int) -> list[int]:
    """Copies that follow one on the other after one that begins here; none begins behind ``last``."""
    found: list[int] = []
    length = len(consensus)
    while True:
        first, end = begin + length + SHORTEST_SPACER, begin + length + LONGEST_SPACER
        copy = _best(sequence, consensus, range(first, min(end, last) + 1), begin + period)
        if copy is None:
            return found
        found.append(begin := copy)


def _preceding(sequence: str, consensus: str, begin: int, period: int) -> list[int]:
    found: list[int] = []
    length = len(consensus)
    while True:
        first, last = begin - length - LONGEST_SPACER, begin - length - SHORTEST_SPACER
        copy = _best(sequence, consensus, range(max(first, 0), last + 1), begin - period)
        if copy is None:
            return found[::-1]
        found.append(begin := copy)


def _best(sequence: str, consensus: str, places: range, expected: int) -> int | None:
    """The place most like the consensus, if it is like it at all; of several the one nearest to where it is due."""

    def rank(place: int) -> tuple[float, int, int]:
        copy = sequence[place : place + len(consensus)]
        return -identity(copy, consensus), abs(place - expected), place

    best = min(map(rank, places), default=None)
    return best[2] if best and -best[0] >= ALIKE else None


def _longest_run(begins: list[int], length: int) -> Begins:
    """What a gap parts that is longer than a spacer is no one array."""
    runs = [[begins[0]]]
    for begin, after in pairwise(begins):
        if after - begin - length > LONGEST_SPACER:
            runs.append([])
        runs[-1].append(after)
    return max(map(tuple, runs), key=len)
