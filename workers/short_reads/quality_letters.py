"""How reads write their qualities, told by the letters: from '!' (Phred+33) or, before 2011, from '@' (Phred+64)."""

from __future__ import annotations

import zlib
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from workers.short_reads.reads import PHRED33, PHRED64, ReadPair, open_reads

#: reads of each file that are looked at
SAMPLE = 25_000
#: below, all letters may be high by chance
ENOUGH_LETTERS = 10_000
#: the lowest letter of Phred+64: quality -5 of the oldest pipelines; in Phred+33 it is quality 26
LOWEST_64 = ord(";")
#: the highest letters that sequencers write: quality 41, and one more
HIGHEST_33, HIGHEST_64 = ord("J"), ord("j")
#: reads whose letters say Phred+64 have at least this share above 'J'; it is all but the poorest bases
MANY = 0.25


@dataclass(frozen=True)
class QualityLetters:
    """What the letters say: their offset, and in words for the results."""

    offset: int
    told: str


def quality_letters(pair: ReadPair) -> QualityLetters:
    """Judge a read set by the first reads of both files; what is not certain is taken as Phred+33, and says why."""
    return judged(_counts(pair))


def judged(counts: npt.NDArray[np.int64]) -> QualityLetters:
    """Judge by how often each of the 256 bytes is a quality."""
    there = np.flatnonzero(counts)
    if not len(there) or there[0] < LOWEST_64:
        return QualityLetters(PHRED33, "Phred+33")
    lowest, highest = int(there[0]), int(there[-1])
    letters = f"quality letters from {chr(lowest)!r} to {chr(highest)!r}"
    share = counts[HIGHEST_33 + 1 :].sum() / counts.sum()
    if share >= MANY and counts.sum() >= ENOUGH_LETTERS and len(there) > 1 and highest <= HIGHEST_64:
        return QualityLetters(PHRED64, f"Phred+64 ({letters}), converted")
    return QualityLetters(
        PHRED33, f"taken for Phred+33: {letters} could be Phred+64, too, but do not look like it"
    )


def _counts(pair: ReadPair) -> npt.NDArray[np.int64]:
    counts = np.zeros(256, np.int64)
    for path in (pair.read1, pair.read2):
        # what damages a file is said by the read check, with its place
        with open_reads(path) as file, suppress(EOFError, OSError, zlib.error):
            qualities = b"".join(line.rstrip(b"\r\n") for line in islice(file, 3, 4 * SAMPLE, 4))
            counts += np.bincount(np.frombuffer(qualities, np.uint8), minlength=256)
    return counts
