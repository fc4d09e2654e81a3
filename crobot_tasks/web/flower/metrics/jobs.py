"""Jobs that are not over, how long jobs waited and ran, and how their attempts ended."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from prometheus_client.core import Metric

from crobot_tasks.web.flower.metrics.families import counter, gauge, histogram, number
from db.crobot import accounting, at_work, overview
from db.crobot.accounting import LONG_BUCKETS, SHORT_BUCKETS

_STATES = ("waiting", "held", "routed", "running")
_DURATIONS = {
    "waiting": ("crobot_waiting_seconds", "How long jobs waited until their first attempt began"),
    "running": ("crobot_running_seconds", "How long attempts ran"),
}


def read(session: Any) -> Iterator[Metric]:
    """Return all families of jobs."""
    yield from _live(session)
    yield from _durations(session)
    yield from _ends(session)


def _live(session: Any) -> Iterator[Metric]:
    yield gauge(
        "crobot_live_jobs",
        "Jobs that are not over",
        ("pipeline", "state"),
        [((row.pipeline, state), getattr(row, state)) for row in at_work.live(session) for state in _STATES],
    )
    yield gauge(
        "crobot_species_live_jobs",
        "Jobs of a species that are not over",
        ("species", "state"),
        [((row.database, row.state.lower()), row.jobs) for row in at_work.live_of_species(session)],
    )
    oldest = overview.oldest_waiting(session)
    waited_s = float(oldest.waited_s) if oldest else 0.0
    yield number("crobot_oldest_waiting_seconds", "How long the job waits that waits longest", waited_s)


def _durations(session: Any) -> Iterator[Metric]:
    found: dict[str, dict[Sequence[str], list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in accounting.durations(session):
        found[row.name][(row.pipeline,) if row.pipeline else ()].append(row)
    for name, (called, text) in _DURATIONS.items():
        yield histogram(called, text, ("pipeline",), found[name], LONG_BUCKETS)
    yield histogram(
        "crobot_dispatch_seconds",
        "How long a dispatch took that placed jobs",
        (),
        found["dispatch"],
        SHORT_BUCKETS,
    )


def _ends(session: Any) -> Iterator[Metric]:
    yield counter(
        "crobot_attempts_ended",
        "Attempts that have ended",
        ("pipeline", "outcome"),
        [((row.pipeline, row.outcome), row.number) for row in accounting.ends(session)],
    )
    ends = Counter[str]()
    for row in at_work.ended(session, 1):
        ends[row.outcome] += row.attempts
    yield gauge(
        "crobot_attempts_ended_last_hour",
        "Attempts that ended in the last hour",
        ("outcome",),
        [((outcome,), amount) for outcome, amount in sorted(ends.items())],
    )
    yield number(
        "crobot_reports_ignored_last_hour",
        "Reports that changed nothing, on attempts that ended in the last hour",
        at_work.reports_ignored(session, 1),
    )
