"""The start page: whether all is well, and what to do if it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from crobot_tasks.batches.overview import of_batches
from crobot_tasks.operate import explain, paused
from crobot_tasks.operate.nodes import describe
from crobot_tasks.operate.troubles import troubles
from crobot_tasks.web.flower.chart import Column, columns
from crobot_tasks.web.flower.live.seen import told
from crobot_tasks.web.flower.live.topics import Kind, Topic
from crobot_tasks.web.flower.page import Page
from db.crobot import LIVE, OVER, JobState, at_work, batches, clock, counting, jobs, overview
from db.crobot.selection import Selection

#: of the chart
HOURS = 24
#: outcome of an attempt → how the chart shows it; all others are failures
_KINDS = {"ok": "complete", "cancelled": "cancelled"}


class Overview(Page):
    """Jobs, nodes, batches, what ended in a day, and what is wrong."""

    template, tab = "overview.html", "overview"
    follows = ("jobs", "cluster", "batches", "troubles")

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read all of it."""
        rows, live, oldest = jobs.nodes(session), at_work.live(session), overview.oldest_waiting(session)
        counts, nodes = _counts(session, live), [describe(row) for row in rows]
        wrong = troubles(session, rows)
        why = explain.why_each_waits(session, [row.first for row in live if row.first])
        return {
            "troubles": wrong,
            "stands": {Topic(Kind.TROUBLES): told(wrong)},
            "pauses": paused.described(session),
            "counts": [(state, counts[state], state in counts.estimated) for state in JobState],
            "live": [dict(row._mapping) | {"why": why.get(row.first, "")} for row in live],
            "oldest": oldest,
            "nodes": Counter(node["state"] for node in nodes),
            "cores": sum(node["cores"] for node in nodes if node["state"] == "up"),
            "cores_used": sum(node["cores_used"] for node in nodes if node["state"] == "up"),
            "batches": of_batches(session, batches.listed(session, 10, over=False)),
            **_of_the_day(session),
        }


def _counts(session: Any, live: Sequence[Any]) -> counting.Counts:
    """Return how many jobs have each state; the live ones were counted by pipeline."""
    counts = counting.counts(session, Selection(states=OVER))
    for state in LIVE:
        counts[state] = sum(getattr(row, state.lower()) for row in live)
    return counts


def _of_the_day(session: Any) -> dict[str, Any]:
    """Return the chart of a day, and the sum of each kind."""
    now = clock.now(session).replace(minute=0, second=0, microsecond=0)
    hours: dict[Any, Counter[str]] = {
        now - timedelta(hours=ago): Counter() for ago in range(HOURS - 1, -1, -1)
    }
    for row in at_work.ended(session, HOURS - 1):
        hours.setdefault(row.hour, Counter())[_KINDS.get(row.outcome, "failed")] += row.attempts
    kinds = ("complete", "failed", "cancelled")
    shown = [
        Column(f"{hour.astimezone():%H:%M}", [(kind, found[kind]) for kind in kinds])
        for hour, found in sorted(hours.items())
    ]
    return {
        "chart": columns(shown, f"Attempts that ended in each of the last {HOURS} hours"),
        "first_hour": shown[0].name,
        "day": [(kind, sum(found[kind] for found in hours.values())) for kind in kinds],
    }
