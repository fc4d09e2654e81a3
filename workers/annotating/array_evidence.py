"""Whether copies of a repeat are a CRISPR array, pure: genomes have tandem repeats and families of repeats, too."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import median

from workers.annotating.repeat_copies import SHORTEST_SPACER, identity

#: three copies at least have so much of the consensus (as PILER-CR wants)
CONSERVED, CONSERVED_COPIES = 0.9, 3
#: of few copies none but the outer ones is worn
FEW = 5
#: the usual spacer, in lengths of the repeat (as CRISPRFinder wants)
SHORTEST, LONGEST = 0.6, 2.5
#: of the spacers this share differs from the usual length by so many bases at most
EQUAL, EQUAL_BASES = 0.75, 10
#: spacers come from different phages: only this share of all pairs has a word of so many letters in common, and only
#: this share of the spacers has one in common with the repeat
RELATED, COMMON = 0.2, 9


def is_array(consensus: str, repeats: Sequence[str], spacers: Sequence[str]) -> bool:
    """Whether the repeats are kept, and the spacers are of one size and unlike each other."""
    return _kept(consensus, repeats) and _of_one_size(len(consensus), spacers) and _unlike(consensus, spacers)


def _kept(consensus: str, repeats: Sequence[str]) -> bool:
    kept = [identity(repeat, consensus) >= CONSERVED for repeat in repeats]
    return sum(kept) >= CONSERVED_COPIES and (len(repeats) > FEW or all(kept[1:-1]))


def _of_one_size(repeat_length: int, spacers: Sequence[str]) -> bool:
    lengths = [len(spacer) for spacer in spacers]
    usual = median(lengths)
    equal = sum(abs(length - usual) <= EQUAL_BASES for length in lengths)
    fits = SHORTEST * repeat_length <= usual <= LONGEST * repeat_length
    return fits and min(lengths) >= SHORTEST_SPACER and equal >= EQUAL * len(lengths)


def _unlike(consensus: str, spacers: Sequence[str]) -> bool:
    words = [_words(spacer) for spacer in spacers]
    pairs = list(combinations(words, 2))
    related = sum(not one.isdisjoint(other) for one, other in pairs)
    repeat = _words(consensus)
    like_repeat = sum(not repeat.isdisjoint(each) for each in words)
    return related <= RELATED * len(pairs) and like_repeat <= RELATED * len(words)


def _words(sequence: str) -> set[str]:
    return {sequence[at : at + COMMON] for at in range(len(sequence) - COMMON + 1)}
