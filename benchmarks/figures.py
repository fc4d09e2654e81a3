"""Figures, how medians and ratios are made of them, and how they are shown; measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One line of a table: CRobot's value, what it is compared with, and CRobot's as a multiple of that."""

    what: str
    unit: str
    crobot: float | None
    other: float | None = None
    ratio: float | None = None
    #: the lowest and the highest ratio of all rounds
    spread: tuple[float, float] | None = None


@dataclass(frozen=True)
class Chapter:
    """One benchmark's figures."""

    letter: str
    title: str
    #: what the second column is
    against: str
    figures: list[Figure]

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def compared(what: str, unit: str, pairs: Sequence[tuple[float, float]]) -> Figure:
    """Compare rounds of (CRobot, other): each side's median, and the median of the rounds' ratios."""
    ratios = [ours / theirs for ours, theirs in pairs]
    ours, theirs = (median(side) for side in zip(*pairs, strict=True))
    return Figure(what, unit, ours, theirs, median(ratios), (min(ratios), max(ratios)))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent of the others do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def show(chapter: Chapter, out: Console) -> None:
    """Print a chapter as a table."""
    table = Table(title=f"({chapter.letter}) {chapter.title}", title_justify="left")
    table.add_column("")
    for name in ("CRobot", chapter.against, "ratio", "lowest to highest"):
        table.add_column(name, justify="right")
    table.add_column("unit")
    for one in chapter.figures:
        spread = f"{one.spread[0]:.2f} to {one.spread[1]:.2f}" if one.spread else ""
        ratio = f"{one.ratio:.3f}" if one.ratio is not None else ""
        table.add_row(one.what, _text(one.crobot), _text(one.other), ratio, spread, one.unit)
    out.print(table)


def _text(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
