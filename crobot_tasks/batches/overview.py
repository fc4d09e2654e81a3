"""What is known of a batch as a whole, for people and pages; a name that only jobs carry (`--batch`) is one, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.batches.pace import pace
from crobot_tasks.batches.standing import Standing, standings, state
from db.crobot import JobState, batches, clock, counting
from db.crobot.selection import Selection
from db.engine import transaction

#: a name that jobs were sent with, and that no batch has
LABEL = "label"
#: states in which nothing comes any more
OVER = ("over", "cancelled")
#: columns of the batch that are told as they are
_TOLD = ("kind", "database", "shared", "chosen_by", "user_id", "workgroup", "priority",
         "live_limit", "slice_size", "max_failures", "max_failed_share",
         "created_at", "paused_at", "pause_reason", "cancelled_at", "ended_at")  # fmt: skip

#: what is known of a batch, by name; ``items`` is `Standing.as_dict`
Overview = dict[str, Any]


def overview(name: str) -> Overview:
    """Return what is known of a batch, or of the jobs that carry the name.

    Raises:
        UnknownBatch: there is neither.
    """
    with transaction() as session:
        if batches.find(session, name) is None and batches.is_label(session, name):
            return of_label(name, counting.counts(session, Selection(batch=name)))
        return of_batch(session, batches.known(session, name))


def listed(limit: int, *, over: bool) -> list[Overview]:
    """Return batches, the newest first; those that are over only if asked for."""
    with transaction() as session:
        return of_batches(session, batches.listed(session, limit, over=over))


def of_batch(session: Any, batch: Any) -> Overview:
    """Return what is known of one."""
    return of_batches(session, [batch])[0]


def of_batches(session: Any, rows: Sequence[Any]) -> list[Overview]:
    """Return what is known of batches, in their order; the number of queries is that of one."""
    items, now = standings(session, rows), clock.now(session)
    live = batches.live_of_each(session, [batch.name for batch in rows])
    return [_overview(batch, items[batch.id], live.get(batch.name, 0), now) for batch in rows]


def _overview(batch: Any, items: Standing, jobs: int, now: datetime) -> Overview:
    until = batch.ended_at or batch.paused_at or now
    elapsed_s = None if items.began_at is None else max(0.0, (until - items.began_at).total_seconds())
    speed = pace(items, elapsed_s, moves=until == now)
    return {
        "batch": batch.name,
        "state": state(batch),
        **{name: getattr(batch, name) for name in _TOLD},
        "items": items.as_dict(),
        "live_followers": max(0, jobs - items.live),
        **asdict(speed),
        "ends_at": None if speed.left_s is None or batch.ended_at else now + timedelta(seconds=speed.left_s),
    }


def of_label(name: str, jobs: counting.Counts) -> Overview:
    """Return what is known of jobs that carry a name which no batch has, of which there are so many."""
    items = Standing(
        size=jobs.total(),
        unsent=0,
        queued=jobs[JobState.WAITING] + jobs[JobState.ROUTED],
        running=jobs[JobState.RUNNING],
        complete=jobs[JobState.COMPLETE],
        cached=0,
        failed=jobs[JobState.FAILED],
        cancelled=jobs[JobState.CANCELLED],
        skipped=0,
        forgotten=0,
    )
    return {
        "batch": name,
        "state": "running" if items.live else "over",
        "kind": LABEL,
        "items": items.as_dict(),
        "estimated": sorted(jobs.estimated),
    }
