"""Cancelling: at once if the job has not begun, otherwise the node is told to stop it."""

from __future__ import annotations

import logging
from collections.abc import Collection

from crobot_errors import OutcomeKind, UnknownJob
from crobot_tasks import finish
from crobot_tasks.finish import Ending
from crobot_tasks.wire import UNREACHABLE, stop_attempts
from db import finishing, jobs
from db.crobot import LIVE, JobState
from db.engine import after_commit, retrying, transaction

log = logging.getLogger(__name__)


def cancel(job_id: int, reason: str = "cancelled") -> JobState:
    """Cancel a job; return its state: CANCELLED, RUNNING while the node is stopping it, or how it ended before.

    Raises:
        UnknownJob: no job has this number.
    """
    return _locked(job_id, reason, LIVE)


def expire(job_id: int) -> None:
    """Cancel a job whose time to begin is over, if it still waits."""
    _locked(job_id, "expired before it began", (JobState.WAITING,))


def _locked(job_id: int, reason: str, states: Collection[JobState]) -> JobState:
    with transaction() as session:
        database = jobs.databases(session, [job_id])
        if job_id not in database:
            raise UnknownJob(f"there is no job {job_id}; `crobot jobs` lists them")
    return retrying(lambda: _cancel(job_id, database[job_id], reason, states))


def _cancel(job_id: int, database: str | None, reason: str, states: Collection[JobState]) -> JobState:
    with transaction(database) as session:
        job = jobs.lock(session, job_id)
        if job is None or job.state not in states:
            return JobState(job.state) if job else JobState.CANCELLED
        jobs.request_cancel(session, job_id)
        if job.state != JobState.WAITING:
            after_commit(lambda: _tell(job.node, f"{job_id}.{job.attempt}"))
        if job.state == JobState.RUNNING:
            return JobState.RUNNING
        # Not begun: over at once. If the node begins it all the same, it is told to stop, and fenced off.
        if job.state == JobState.ROUTED:
            finishing.end_attempts(session, [_attempt_end(job_id, job.attempt, reason)])
        finish.end(session, [Ending(job_id, JobState.CANCELLED, OutcomeKind.CANCELLED, reason)])
        return JobState.CANCELLED


def _attempt_end(job_id: int, number: int, reason: str) -> dict[str, object]:
    return {
        "job_id": job_id,
        "number": number,
        "outcome": OutcomeKind.CANCELLED,
        "message": reason,
        "usage": None,
        "begun": False,
        "by_head": True,
    }


def _tell(node: str, attempt_id: str) -> None:
    try:
        stop_attempts(node, [attempt_id])
    except UNREACHABLE as error:
        log.warning("the broker does not answer (%s); node %s is told with its next heartbeat", error, node)
