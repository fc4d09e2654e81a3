"""What Prometheus reads: Flower's numbers of Celery's events, and ours from the database, which forgets nothing.

No label has a value for each job, batch, user or tag, so there are few lines, for ever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flower.views.monitor import Metrics as FlowersMetrics
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from tornado import web

from crobot_errors import ServiceError
from crobot_tasks.operate import explain
from crobot_tasks.operate.nodes import describe
from crobot_tasks.operate.troubles import OVERDUE_S
from crobot_tasks.web.flower.reading import read
from db.crobot import at_work, deliveries, jobs, overview, settlements, unapplied

#: overdue results that are counted, and no more
_MOST = 1000
_OF_A_NODE = {
    "cores": "Cores of a node",
    "cores_used": "Cores of a node in use",
    "memory_bytes": "Memory of a node",
    "free_disk_bytes": "Free disk of a node",
    "live_attempts": "Attempts that are sent to a node or run there",
}
_OF_WHAT_WAITS = {
    "reports_unapplied": "Reports that wait for the storage",
    "settlements_overdue": f"Results that were not told, {_MOST} at most",
    "outcomes_unposted": "Outcomes that nobody posts",
    "messages_unread": "Messages to plain tasks that nobody reads",
    "oldest_transaction_seconds": "How long the oldest transaction is open",
}

#: values of the labels, and the number
Sample = tuple[Sequence[str], float]


class Metrics(FlowersMetrics):
    """The numbers, behind the same password as the pages."""

    @web.authenticated
    async def get(self) -> None:
        """Write them; `crobot_up` alone is left, as 0, if the database does not answer."""
        await super().get()
        try:
            found = await read(lambda session: list(_read(session)))
        except ServiceError:
            found = [_gauge("crobot_up", "Whether the database answers", (), [((), 0)])]
        self.write(_text(found))


class _Found(Collector):
    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found


def _text(found: Sequence[Metric]) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Found(found))
    return generate_latest(registry)


def _read(session: Any) -> Iterator[Metric]:
    yield _gauge("crobot_up", "Whether the database answers", (), [((), 1)])
    yield from _of_jobs(session)
    yield from _of_nodes(session)
    yield from _of_what_waits(session)


def _of_jobs(session: Any) -> Iterator[Metric]:
    live = at_work.live(session)
    yield _gauge(
        "crobot_live_jobs",
        "Jobs that are not over",
        ("pipeline", "state"),
        [
            ((row.pipeline, state), getattr(row, state))
            for row in live
            for state in ("waiting", "held", "routed", "running")
        ],
    )
    oldest = overview.oldest_waiting(session)
    yield _gauge(
        "crobot_oldest_waiting_seconds",
        "How long the job waits that waits longest",
        (),
        [((), float(oldest.waited_s) if oldest else 0)],
    )
    ends = Counter[str]()
    for row in at_work.ended(session, 1):
        ends[row.outcome] += row.attempts
    yield _gauge(
        "crobot_attempts_ended_last_hour",
        "Attempts that ended in the last hour",
        ("outcome",),
        [((outcome,), number) for outcome, number in sorted(ends.items())],
    )


def _of_nodes(session: Any) -> Iterator[Metric]:
    nodes = [describe(row) for row in jobs.nodes(session)]
    states = Counter(node["state"] for node in nodes)
    yield _gauge(
        "crobot_nodes",
        "Calculation nodes",
        ("state",),
        [((state,), states[state]) for state in sorted(states)],
    )
    for column, text in _OF_A_NODE.items():
        samples = [((node["name"],), node[column]) for node in nodes]
        yield _gauge(f"crobot_node_{column}", text, ("node",), samples)
    warning = explain.heads_warning(session)
    yield _gauge("crobot_heads_hear", "Whether a head reads what nodes say", (), [((), 0 if warning else 1)])


def _of_what_waits(session: Any) -> Iterator[Metric]:
    unposted = deliveries.unposted(session)
    overdue = settlements.overdue(session, OVERDUE_S, _MOST)
    counts = {
        "reports_unapplied": sum(row.reports for row in unapplied.waiting(session)),
        "settlements_overdue": len(overdue),
        "outcomes_unposted": unposted.outcomes if unposted else 0,
        "messages_unread": overview.unread_callbacks(session),
        "oldest_transaction_seconds": at_work.oldest_transaction_s(session),
    }
    for name, number in counts.items():
        yield _gauge(f"crobot_{name}", _OF_WHAT_WAITS[name], (), [((), number)])
    yield _gauge(
        "crobot_dead_rows",
        "Rows that vacuum has not removed",
        ("table",),
        [((row.relname,), row.n_dead_tup) for row in at_work.dead_rows(session)],
    )


def _gauge(name: str, text: str, labels: Sequence[str], samples: Iterable[Sample]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family
