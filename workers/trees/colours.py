"""Colours of a tree's nodes, pure: which value gets which, and what stands in the legend."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

#: told apart by people who see fewer colours as well: Okabe and Ito's without black, then Tol's muted ones
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#882255", "#44AA99", "#332288",
    "#999933", "#117733",
)  # fmt: skip
OTHERS, UNKNOWN = "#9A9A9A", "#DDDDDD"
NOT_KNOWN = "not known"
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Legend:
    """What the colours mean; ``by`` is the name of the values."""

    by: str
    #: value → colour, of those that have one of their own
    colours: Mapping[str, str]
    #: (text, colour), in order
    entries: Sequence[tuple[str, str]]

    def colour(self, value: str) -> str:
        """That of a value."""
        return self.colours.get(value, OTHERS) if value else UNKNOWN

    def slices(self, values: Sequence[str]) -> list[tuple[str, float]]:
        """The colours of a node with the share of each, as in a pie, in the legend's order."""
        counts = Counter(map(self.colour, values))
        order = [*self.colours.values(), OTHERS, UNKNOWN]
        return [(colour, counts[colour] / len(values)) for colour in order if counts[colour]]


def legend(by: str, values: Iterable[str]) -> Legend:
    """Give the most frequent values colours of their own, in an order in which people look for them."""
    counts = Counter(values)
    unknown = counts.pop("", 0)
    frequent = sorted(counts, key=lambda value: (-counts[value], _natural(value)))
    # a colour for "others" only if there are several: one more would have had its own
    kept = frequent if len(frequent) <= len(PALETTE) else frequent[: len(PALETTE) - 1]
    colours = dict(zip(sorted(kept, key=_natural), PALETTE, strict=False))
    entries = [(f"{value} ({counts[value]:,})", colour) for value, colour in colours.items()]
    if others := frequent[len(kept) :]:
        entries.append((f"{len(others):,} others ({sum(counts[one] for one in others):,})", OTHERS))
    if unknown:
        entries.append((f"{NOT_KNOWN} ({unknown:,})", UNKNOWN))
    return Legend(by, colours, entries)


def _natural(value: str) -> list[tuple[int, int, str]]:
    """ST9 before ST10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(value) if part]
