"""Why a job is not running: the router's own reasons, asked for now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crobot_errors import UnknownJob
from crobot_tasks import router
from crobot_tasks.celery import app
from crobot_tasks.dispatch import POLICY, job_view, node_views
from db import jobs, overview
from db.crobot import JobState
from db.engine import transaction

#: heartbeats that may be missed before it is said that no head hears them
PATIENCE_BEATS = 4


def why_waiting(job_id: int) -> str:
    """Say why the job waits, or where it is if it does not.

    Raises:
        UnknownJob: no job has this number.
    """
    with transaction() as session:
        reasons = why_each_waits(session, [job_id])
    if job_id not in reasons:
        raise UnknownJob(f"there is no job {job_id}; `crobot jobs` lists them")
    return reasons[job_id]


def why_each_waits(session: Any, job_ids: Iterable[int]) -> dict[int, str]:
    """Job id → why it waits, or where it is; only jobs that exist."""
    rows = overview.waiting(session, list(job_ids))
    deaf = deafness(session)
    # fresh views for each: the router adds what it places to a node's load
    return {row.id: _reason(session, row, deaf) for row in rows}


def deafness(session: Any) -> str:
    """Say that no head has heard the nodes lately; empty if one has."""
    heard_s = jobs.heard_s(session)
    patience_s = PATIENCE_BEATS * app.conf.crobot_heartbeat_s
    if heard_s is None:
        return "no head has ever been at work; start `crobot head` and `crobot beat`"
    if heard_s > patience_s:
        return f"no head has heard the nodes for {heard_s:.0f} s: is `crobot head`, `crobot beat` or the broker down?"
    return ""


def _reason(session: Any, row: Any, deaf: str) -> str:
    match row.state:
        case JobState.WAITING:
            return _why(session, row, deaf)
        case JobState.ROUTED:
            return f"sent to {row.node}, not yet begun" + (f"; {deaf}" if deaf else "")
        case JobState.RUNNING:
            return f"running on {row.node}"
        case _:
            return ""


def _why(session: Any, row: Any, deaf: str) -> str:
    if row.available_in_s > 0:
        # the time of day, not what is left of it: the same words each time somebody asks
        after = f" after {row.outcome}: {row.message}" if row.outcome else ""
        return f"not before {row.available_at.astimezone():%H:%M:%S}{after}"
    placement = router.place(node_views(session), [job_view(row)], POLICY)[0]
    if deaf:
        return deaf
    if placement.node is None:
        return placement.reason
    return f"about to be placed on {placement.node}" + _ahead(row)


def _ahead(row: Any) -> str:
    if not row.ahead:
        return ""
    return "; 1 job is ahead of it" if row.ahead == 1 else f"; {row.ahead} jobs are ahead of it"
