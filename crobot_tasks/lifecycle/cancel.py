"""Cancelling, one job or many: at once what has not begun; what runs is stopped by its node, which is told to."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from crobot_errors import OutcomeKind, UnknownJob
from crobot_tasks.broker.formats import attempt_id
from crobot_tasks.broker.queues import UNREACHABLE
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.finishing.endings import Ending
from crobot_tasks.lifecycle.stop_order import stop_attempts
from db.crobot import LIVE, JobState, finishing, jobs, revoking
from db.engine import after_commit, retrying, transaction

log = logging.getLogger(__name__)

#: jobs that one transaction cancels
SLICE = 500

#: job id → its state: CANCELLED, RUNNING while the node is stopping it, or how it ended before
After = dict[int, JobState]


def cancel(job_id: int, reason: str = "cancelled") -> JobState:
    """Cancel a job; return its state: CANCELLED, RUNNING while the node is stopping it, or how it ended before.

    Raises:
        UnknownJob: no job has this number.
    """
    after = cancel_each([job_id], reason)
    if job_id not in after:
        raise UnknownJob(f"there is no job {job_id}; `crobot jobs` lists them")
    return after[job_id]


def cancel_each(job_ids: Iterable[int], reason: str = "cancelled", *, leaving: Collection[str] = ()) -> After:
    """Cancel jobs, in a transaction for every few hundred of a species; return their states, as `cancel` does.

    Numbers that no job has are left out. If only those who sent a job under the task ids ``leaving`` no longer want it,
    it goes on for the others.
    """
    return _in_slices(list(job_ids), reason, LIVE, leaving)


def expire(job_id: int) -> None:
    """Cancel a job whose time to begin is over, if it still waits."""
    _in_slices([job_id], "expired before it began", (JobState.WAITING,))


def _in_slices(
    job_ids: Sequence[int], reason: str, states: Collection[JobState], leaving: Collection[str] = ()
) -> After:
    if not job_ids:
        return {}
    with transaction() as session:
        database = jobs.databases(session, job_ids)
    after: After = {}
    ordered = sorted(database, key=lambda job_id: (database[job_id] or "", job_id))
    for species, group in groupby(ordered, key=lambda job_id: database[job_id]):
        ids = list(group)
        for start in range(0, len(ids), SLICE):
            slice_ = ids[start : start + SLICE]
            after |= retrying(partial(_in_transaction, species, slice_, reason, states, leaving))
    return after


def _in_transaction(database: str | None, *cancelled: Any) -> After:
    with transaction(database) as session:
        return _cancel(session, *cancelled)


def _cancel(
    session: Any,
    job_ids: Sequence[int],
    reason: str,
    states: Collection[JobState],
    leaving: Collection[str],
) -> After:
    locked = jobs.lock(session, job_ids)
    wanted = [job for job in locked if job.state in states]
    left = revoking.leave(session, [job.id for job in wanted], list(leaving)) if leaving else {}
    unwanted = [job for job in wanted if job.id not in left.values()]
    running = {job.id for job in unwanted if job.state == JobState.RUNNING}
    over = [job for job in unwanted if job.id not in running]
    # A job class may send the same again while it notes the cancel: that must not join the job that ends here.
    noted = [job.id for job in unwanted if job.id in running or job.type]
    jobs.request_cancel(session, noted, reason)
    _tell_after_commit([job for job in unwanted if job.state != JobState.WAITING])
    # Not begun: over at once. If the node begins it all the same, it is told to stop, and fenced off.
    routed = [_attempt_end(job, reason) for job in over if job.state == JobState.ROUTED]
    if routed:
        finishing.end_attempts(session, routed)
    ends = [_cancelled(job.id, reason, unwanted=True) for job in over]
    finish.end(session, [*ends, *(_cancelled(own, reason) for own in left)])
    past = set(job_ids) - {job.id for job in locked}
    before = {job.id: JobState(job.state) for job in locked} | (
        jobs.states(session, list(past)) if past else {}
    )
    return before | {job.id: JobState.CANCELLED for job in over}


def _cancelled(job_id: int, reason: str, *, unwanted: bool = False) -> Ending:
    return Ending(job_id, JobState.CANCELLED, OutcomeKind.CANCELLED, reason, unwanted=unwanted)


def _attempt_end(job: Any, reason: str) -> dict[str, object]:
    return {
        "job_id": job.id,
        "number": job.attempt,
        "outcome": OutcomeKind.CANCELLED,
        "message": reason,
        "usage": None,
        "begun": False,
        "by_head": True,
    }


def _tell_after_commit(begun: Iterable[Any]) -> None:
    """Tell each node once what it is to stop."""
    by_node: dict[str, list[str]] = {}
    for job in begun:
        by_node.setdefault(job.node, []).append(attempt_id(job.id, job.attempt))
    for node, attempt_ids in by_node.items():
        after_commit(partial(_tell, node, attempt_ids))


def _tell(node: str, attempt_ids: list[str]) -> None:
    try:
        stop_attempts(node, attempt_ids)
    except UNREACHABLE as error:
        log.warning(
            "the broker does not answer (%s); node %s is told with its next heartbeat",
            error,
            node,
            extra={"node": node},
        )
