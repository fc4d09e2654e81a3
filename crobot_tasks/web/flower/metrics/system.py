"""What waits that should not, and how the database is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import Metric

from crobot_tasks.operate.troubles import OVERDUE_S
from crobot_tasks.web.flower.metrics.families import gauge, number
from db.crobot import DeliveryState, at_work, deliveries, overview, settlements, unapplied

#: results and outcomes that are counted, and no more
_MOST = 1000
_OF_WHAT_WAITS = {
    "reports_unapplied": "Reports that wait for the storage",
    "settlements_overdue": f"Results that were not told, {_MOST} at most",
    "outcomes_unposted": "Outcomes that nobody posts",
    "messages_unread": "Messages to plain tasks that nobody reads",
    "oldest_transaction_seconds": "How long the oldest transaction is open",
}


def read(session: Any) -> Iterator[Metric]:
    """Return all families of what waits."""
    unposted = deliveries.unposted(session)
    counts = {
        "reports_unapplied": sum(row.reports for row in unapplied.waiting(session)),
        "settlements_overdue": len(settlements.overdue(session, OVERDUE_S, _MOST)),
        "outcomes_unposted": unposted.outcomes if unposted else 0,
        "messages_unread": overview.unread_callbacks(session),
        "oldest_transaction_seconds": at_work.oldest_transaction_s(session),
    }
    for name, amount in counts.items():
        yield number(f"crobot_{name}", _OF_WHAT_WAITS[name], amount)
    states = deliveries.by_state(session, _MOST)
    yield gauge(
        "crobot_outcomes",
        f"Outcomes posted to web apps that wait, and those of {deliveries.LATELY} that are over, {_MOST} at most",
        ("state",),
        [((state,), states.get(state, 0)) for state in DeliveryState],
    )
    yield gauge(
        "crobot_dead_rows",
        "Rows that vacuum has not removed",
        ("table",),
        [((row.relname,), row.n_dead_tup) for row in at_work.dead_rows(session)],
    )
