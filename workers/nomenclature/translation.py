"""Whether a piece of DNA is still the coding sequence that it looks like, pure."""

from __future__ import annotations

import re
from enum import StrEnum

from workers.nomenclature.representatives import STARTS, STOPS

_UNKNOWN = re.compile("[^ACGT]")


class Translation(StrEnum):
    """What becomes of a query that is a coding sequence, where it hits."""

    #: start codon, stop codon, none between them
    COMPLETE = "complete"
    NO_START = "no start codon"
    NO_STOP = "no stop codon"
    #: its length is no multiple of three
    FRAMESHIFT = "frameshift"
    #: a stop codon before the end
    EARLY_STOP = "early stop codon"
    #: unknown bases
    UNKNOWN = "unknown bases"


def translation(sequence: str) -> Translation:
    """What a sequence, on its coding strand, translates to; the first thing that is wrong."""
    if _UNKNOWN.search(sequence):
        return Translation.UNKNOWN
    if len(sequence) % 3:
        return Translation.FRAMESHIFT
    if sequence[:3] not in STARTS:
        return Translation.NO_START
    codons = [sequence[at : at + 3] for at in range(0, len(sequence), 3)]
    if not STOPS.isdisjoint(codons[:-1]):
        return Translation.EARLY_STOP
    return Translation.COMPLETE if codons[-1] in STOPS else Translation.NO_STOP
