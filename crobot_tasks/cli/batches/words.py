"""How a batch stands, in the words that its commands share."""

from __future__ import annotations

from typing import Any

from crobot_tasks.batches.overview import LABEL, Overview
from crobot_tasks.operate.amounts import duration

_KINDS = {"assemble": "assembly", "calls": "signatures", LABEL: "a name of jobs"}


def kind(found: Overview) -> str:
    """Say what its jobs are for: assembly, MLST_Achtman, signatures."""
    shared = found.get("shared") or {}
    return str(shared.get("scheme") or _KINDS.get(found["kind"], found["kind"]))


def items(number: int) -> str:
    """Return 1 item, 2 items."""
    return counted(number, "item")


def counted(number: int, word: str) -> str:
    """Return 1 line, 2 lines."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def by_state(counts: dict[str, Any]) -> list[str]:
    """Return how many items are in which state, those that are over first; what is none is left out."""
    named = (("complete", "complete"), ("cached", "cached"), ("failed", "failed"), ("cancelled", "cancelled"),
             ("skipped", "left out"), ("forgotten", "removed since"), ("running", "running"), ("queued", "waiting"),
             ("unsent", "not sent yet"))  # fmt: skip
    return [f"{counts[name]:,} {word}" for name, word in named if counts[name]]


def failures(counts: dict[str, int]) -> list[str]:
    """Return how many failed in which way, the most frequent first."""
    return [f"{number:,} {kind}" for kind, number in sorted(counts.items(), key=lambda one: -one[1])]


def percent(counts: dict[str, Any]) -> str:
    """Return which part is over; 100 % only if all is."""
    share = counts["over"] / counts["size"] if counts["size"] else 1.0
    return f"{int(1000 * share) / 10:.1f} %" if share < 1 else "100 %"


def rate(per_second: float | None) -> str:
    """Return a speed, in the unit in which it is above 1: 12.3/s, 4.1/min, 2.0/h."""
    if per_second is None:
        return ""
    for unit, seconds in (("s", 1), ("min", 60)):
        if per_second * seconds >= 1:
            return f"{per_second * seconds:,.1f}/{unit}"
    return f"{per_second * 3600:,.1f}/h"


def hours(seconds: float | None) -> str:
    """Return hours of CPU or of wall time; what is below one as it is."""
    if seconds is None:
        return ""
    return f"{seconds / 3600:,.1f} h" if seconds >= 3600 else duration(seconds)
