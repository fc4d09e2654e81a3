"""Callbacks that nobody runs, and outcomes that nobody posts."""

from __future__ import annotations

from collections.abc import Iterator

from crobot_tasks.broker.queues import CALLBACKS
from crobot_tasks.operate.doctor.finding import Finding, of_trouble, ok, warning
from crobot_tasks.operate.doctor.seen import Seen, looking
from crobot_tasks.operate.troubles import of_callbacks


def examine(seen: Seen) -> Iterator[Finding]:
    """See whether somebody reads plain tasks and posts outcomes."""
    with looking() as session:
        found = [of_trouble(one) for one in of_callbacks(session)]
    yield from found
    if seen.asked and not seen.reads(CALLBACKS):
        yield warning(
            "no `crobot callbacks` answers",
            "callbacks of jobs do not run, and no outcome is posted to web apps",
            "start `crobot callbacks`, or give heads CROBOT_CALLBACKS_IN_HEAD=1",
        )
    elif not found:
        yield ok("outcomes are posted, and callbacks run")
