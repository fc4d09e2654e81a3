"""The policy's section `[retention]`: how long what nobody works with any more is kept, in days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crobot_tasks.router.toml_table import Table

#: kind → days that it is kept by default (None: for good), and the fewest that may be said
DAYS: Mapping[str, tuple[int | None, int]] = {
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
    # these move to the past jobs; nothing of Celery's asks for a job after its results are gone, which is after a week
    "jobs_complete": (90, 8),
    "jobs_failed": (180, 8),
    "jobs_cancelled": (30, 8),
    "past_jobs": (None, 365),
}
MOST_DAYS = 36_500
#: what has to be old before the past jobs go that it belongs to
_BEFORE_PAST = ("logs", "jobs_complete", "jobs_failed", "jobs_cancelled")


@dataclass(frozen=True)
class Retention:
    """How long each kind is kept, and when heads look for what is older."""

    #: whether heads prune by themselves
    daily: bool = True
    #: of the day, in UTC
    hour: int = 2
    #: kinds of which nothing is removed, whatever its age
    keep: frozenset[str] = frozenset()
    days: Mapping[str, int | None] = field(
        default_factory=lambda: {kind: days for kind, (days, _) in DAYS.items()}
    )

    def days_of(self, kind: str) -> int | None:
        """Return how many days a kind is kept; None: for good."""
        return None if kind in self.keep else self.days[kind]


USUAL = Retention()


def read_retention(table: Table) -> Retention:
    """Return what the section says."""
    table.only("daily", "hour", "keep", *(_key(kind) for kind in DAYS))
    days = {kind: _days(table, kind) for kind in DAYS}
    _compare(table, days)
    return Retention(
        daily=table.flag("daily", USUAL.daily),
        hour=table.whole("hour", USUAL.hour, 0, 23),
        keep=_kinds(table),
        days=days,
    )


def _days(table: Table, kind: str) -> int | None:
    usual, least = DAYS[kind]
    if usual is None and _key(kind) not in table:
        return None
    return table.whole(_key(kind), usual, least, MOST_DAYS)


def _compare(table: Table, days: Mapping[str, int | None]) -> None:
    """Refuse ages that do not go together."""
    logs, outputs, past = (days[kind] or 0 for kind in ("logs", "unused_outputs", "past_jobs"))
    if logs < outputs:
        raise table.wrong(
            "logs_d" if "logs_d" in table else "unused_outputs_d",
            f"logs say what went wrong, and are kept as long as unused outputs: {outputs} days",
        )
    longest = max((days[kind] or 0, _key(kind)) for kind in _BEFORE_PAST)
    if past and past < longest[0]:
        raise table.wrong("past_jobs_d", f"must be at least {longest[1]}, which is {longest[0]} days")


def _kinds(table: Table) -> frozenset[str]:
    kinds = frozenset(table.names("keep"))
    if unknown := sorted(kinds - DAYS.keys()):
        raise table.wrong("keep", f"{unknown[0]} is none of the kinds that are removed: {', '.join(DAYS)}")
    return kinds


def _key(kind: str) -> str:
    return f"{kind}_d"
