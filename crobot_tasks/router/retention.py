"""The policy's section `[retention]`: how long what nobody works with any more is kept, in days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crobot_tasks.router.toml_table import Table

#: kind → days that it is kept by default, and the fewest that may be said
DAYS: Mapping[str, tuple[int, int]] = {
    # an operator who looks into a failure on Monday finds it
    "unused_outputs": (30, 3),
    "logs": (180, 3),
    # a folder whose analysis is not stored yet is younger
    "analyses": (30, 1),
    # what was sent with the version before may still run
    "schemes": (90, 7),
    # a delivery is tried for three days
    "deliveries": (30, 4),
    "webhooks": (90, 4),
    "changes": (730, 30),
    "uploads": (30, 1),
    "nodes": (90, 1),
}
MOST_DAYS = 36_500


@dataclass(frozen=True)
class Retention:
    """How long each kind is kept, and when heads look for what is older."""

    #: whether heads prune by themselves
    daily: bool = True
    #: of the day, in UTC
    hour: int = 2
    #: kinds of which nothing is removed, whatever its age
    keep: frozenset[str] = frozenset()
    days: Mapping[str, int] = field(default_factory=lambda: {kind: days for kind, (days, _) in DAYS.items()})

    def days_of(self, kind: str) -> int | None:
        """Return how many days a kind is kept; None: for good."""
        return None if kind in self.keep else self.days[kind]


USUAL = Retention()


def read_retention(table: Table) -> Retention:
    """Return what the section says."""
    table.only("daily", "hour", "keep", *(_key(kind) for kind in DAYS))
    days = {kind: table.whole(_key(kind), usual, least, MOST_DAYS) for kind, (usual, least) in DAYS.items()}
    if days["logs"] < days["unused_outputs"]:
        raise table.wrong(
            "logs_d" if "logs_d" in table else "unused_outputs_d",
            f"logs say what went wrong, and are kept as long as unused outputs: {days['unused_outputs']} days",
        )
    return Retention(
        daily=table.flag("daily", USUAL.daily),
        hour=table.whole("hour", USUAL.hour, 0, 23),
        keep=_kinds(table),
        days=days,
    )


def _kinds(table: Table) -> frozenset[str]:
    kinds = frozenset(table.names("keep"))
    if unknown := sorted(kinds - DAYS.keys()):
        raise table.wrong("keep", f"{unknown[0]} is none of the kinds that are removed: {', '.join(DAYS)}")
    return kinds


def _key(kind: str) -> str:
    return f"{kind}_d"
