"""Schedules that do not run: beat's, and the daily updates of species."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.operate import explain
from crobot_tasks.operate.doctor.finding import Finding, of_trouble, ok, problem, warning
from crobot_tasks.operate.doctor.seen import Seen, looking
from crobot_tasks.operate.paused import pause_of
from crobot_tasks.operate.troubles import of_heads
from db.crobot import daily_updates

#: an update is missed when it was due so many hours ago
LATE_H = 2


def examine(seen: Seen) -> Iterator[Finding]:
    """See whether what beat sends is done."""
    with looking() as session:
        silent = explain.heads_warning(session)
        # heads that answer, and do not hear what beat has them do
        if silent and seen.heads:
            yield problem(
                f"{len(seen.heads)} heads answer, and do nothing of what beat sends: beat does not run",
                "nobody finds nodes that fall silent, batches and uploads are not looked after, nothing is updated",
                "start `crobot beat`, one for the whole system",
            )
            yield from [of_trouble(one) for one in of_heads(session) if one.what != silent]
        else:
            yield from map(of_trouble, of_heads(session))
        if not silent:
            yield ok("beat runs, and heads do what it sends")
        yield from _of_daily_updates(session)


def _of_daily_updates(session: Any) -> Iterator[Finding]:
    hour = policy_in_force.current(session).maintenance.hour
    if hour is None:
        return
    for row in daily_updates.missed(session, hour + LATE_H):
        if not pause_of(session, row.database):
            yield warning(
                f"the daily update of {row.database} was done last on {row.day:%Y-%m-%d}",
                "new schemes and versions are not called on its genomes",
                "the log of the heads says why; `crobot daily-update --dry-run` says what it would send",
            )
