"""Short words that recur at about one distance, pure: where the repeats of a CRISPR array may lie."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

#: letters of a word; three of one word at nearly equal distances are hardly ever chance
WORD = 11
#: bases from the begin of one repeat to that of the next
SHORTEST_PERIOD, LONGEST_PERIOD = 38, 122
#: two periods side by side differ by no more
UNLIKE = 20

#: where one word begins, at least three times, from left to right; positions count from 0
Begins: TypeAlias = tuple[int, ...]

_CODES = np.full(256, -1, dtype=np.int32)
_CODES[np.frombuffer(b"ACGT", dtype=np.uint8)] = range(4)


def stretches(sequence: str) -> list[list[Begins]]:
    """The words of a contig that come three times and more at nearly equal distances; those of one stretch together.

    It depends on nothing outside of a stretch, and is the same on both strands.
    """
    order, codes = _sorted_words(sequence)
    steps = np.diff(order)
    near = (np.diff(codes) == 0) & (steps >= SHORTEST_PERIOD) & (steps <= LONGEST_PERIOD)
    thrice = near[:-1] & near[1:] & (np.abs(np.diff(steps)) <= UNLIKE)
    return _joined(sorted(_runs(order, np.flatnonzero(thrice))))


def _sorted_words(sequence: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Begins of all words of A, C, G and T, by word and then by place; and the words as numbers."""
    letters = _CODES[np.frombuffer(sequence.encode("ascii"), dtype=np.uint8)]
    count = max(len(letters) - WORD + 1, 0)
    codes, plain = np.zeros(count, dtype=np.int32), np.ones(count, dtype=bool)
    for at in range(WORD):
        column = letters[at : at + count]
        codes = codes * 4 + column
        plain &= column >= 0
    begins = np.flatnonzero(plain)
    order = begins[np.argsort(codes[begins], kind="stable")]
    return order, codes[order]


def _runs(order: NDArray[np.int64], firsts: NDArray[np.int64]) -> list[Begins]:
    """Of three places that begin one after the other, each with the next two, one run."""
    runs: list[list[int]] = []
    before = -2
    for first in firsts.tolist():
        if first == before + 1:
            runs[-1].append(int(order[first + 2]))
        else:
            runs.append(order[first : first + 3].tolist())
        before = first
    return list(map(tuple, runs))


def _joined(runs: list[Begins]) -> list[list[Begins]]:
    """Words whose places lie between each other belong together."""
    found: list[list[Begins]] = []
    end = -1
    for run in runs:
        if run[0] > end:
            found.append([])
        found[-1].append(run)
        end = max(end, run[-1])
    return found


def turned(words: list[Begins], length: int) -> list[Begins]:
    """The same words as they lie on the other strand of a contig of this length."""
    return [tuple(length - WORD - begin for begin in reversed(word)) for word in words]
