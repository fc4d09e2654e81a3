"""The table of contestants side by side; measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

#: measure → head of its column
COLUMNS = {
    "one": "sent one by one, jobs/s",
    "bulk": "sent in bulk, jobs/s",
    "off": "worked off, jobs/s",
    "latency": "send → body, p50, ms",
    "cpu": "CPU s for 1,000 jobs",
    "commits": "commits a job",
    "wal": "WAL bytes a job",
    "dead": "dead rows a job",
}


@dataclass
class Contestant:
    """One line: who, and each round's measures; or why there are none."""

    name: str
    workers: str
    rounds: list[dict[str, float]] = field(default_factory=list)
    reason: str = ""

    def values(self, measure: str) -> list[float]:
        """Return the rounds' values of a measure, lowest first."""
        return sorted(one[measure] for one in self.rounds if measure in one)


@dataclass(frozen=True)
class Sheet:
    """All of them."""

    title: str
    contestants: Sequence[Contestant]

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "letter": "peers",
            "title": self.title,
            "contestants": [vars(one) for one in self.contestants],
        }

    def markdown(self) -> str:
        """Return the table: medians, and the lowest and the highest of the rounds behind them."""
        heads = ["", "worked off by", *COLUMNS.values()]
        lines = [heads, ["---"] * len(heads), *map(_line, self.contestants)]
        failed = [f"{one.name}: {one.reason}" for one in self.contestants if one.reason]
        return "\n".join(
            [self.title, "", *(f"| {' | '.join(line)} |" for line in lines), "", *failed]
        ).rstrip()


def _line(contestant: Contestant) -> list[str]:
    cells = [_cell(contestant.values(measure)) for measure in COLUMNS]
    if contestant.reason:
        cells[0] = f"{cells[0]} failed, see below".strip()
    return [contestant.name, contestant.workers, *cells]


def _cell(values: Sequence[float]) -> str:
    if not values:
        return ""
    if len(values) == 1:
        return number(values[0])
    return f"{number(median(values))} ({number(values[0])}–{number(values[-1])})"


def number(value: float) -> str:
    """Return it with three digits that count, and thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
