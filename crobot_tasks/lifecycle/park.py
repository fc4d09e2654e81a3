"""(a) Parking: one transaction writes the job, the result that it owes, and what its job class notes of a new job."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from crobot_errors import CommitLost
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.calls.job_result import JobResult
from crobot_tasks.lifecycle.calls.new_job import NewJob
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.lifecycle.sending import refused
from crobot_tasks.lifecycle.sending.check_call import new_job
from crobot_tasks.lifecycle.sending.store_job import store
from db.crobot.parking import Parked
from db.engine import patiently, retrying, transaction

#: so many cut commits of one send say that the database is away
CUT_COMMITS = 3


def park(
    task: JobTask, args: Any, kwargs: dict[str, Any], task_id: str, options: dict[str, Any]
) -> JobResult:
    """Store a call as a job, in the transaction that is open or in one of its own; or join the live job like it.

    Raises:
        BadInput: the call cannot work; nothing was stored.
        DatabaseUnreachable: the database does not answer; nothing was stored, or a commit was cut again and again.
    """
    new = new_job(task, args, kwargs, task_id, options)
    parked = _surely(new)
    result = result_of(task, task_id)
    result.job_id, result.joined = parked.job_id, not parked.created
    result.ignored = new.shared.ignore_result
    return result


def park_message(
    task: JobTask, args: Any, kwargs: dict[str, Any], task_id: str, options: dict[str, Any]
) -> None:
    """Store a call that came in a message, however long the database is away; a second copy of it is not stored.

    Raises:
        BadInput, TypeError: the call cannot work; nothing was stored.
    """
    new = new_job(task, args, kwargs, task_id, options)
    own = new.own._replace(settlement_id=str(uuid5(NAMESPACE_OID, f"message {task_id}")))
    patiently(lambda: _store(replace(new, own=own)))


def _surely(new: NewJob) -> Parked:
    """Store it, and again when its commit was cut: the settlement's number says whether that is done."""
    for _ in range(CUT_COMMITS):
        with suppress(CommitLost):
            return retrying(lambda: _store(new))
    return retrying(lambda: _store(new))


def _store(new: NewJob) -> Parked:
    with transaction() as session:
        parked = store(new)
        if parked.may_be_revoked:
            finish.refuse(session, refused.revoked(session, [new.own.task_id]))
        return parked


def result_of(task: JobTask, task_id: str, **options: Any) -> JobResult:
    """Return the job's result by its public task id."""
    return JobResult(task_id, backend=task.backend, task_name=task.name, app=task.app, **options)
