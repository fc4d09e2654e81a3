"""(a) Parking: one transaction writes the job, the result that it owes, and what its job class notes of a new job."""

from __future__ import annotations

from functools import partial
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput
from crobot_tasks.celery import app
from crobot_tasks.lifecycle import caller, fail_in_chain
from crobot_tasks.lifecycle.check_call import new_job, unusable_job
from crobot_tasks.lifecycle.job_result import JobResult
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.lifecycle.job_types import job_class
from crobot_tasks.lifecycle.new_job import NewJob
from db.crobot import parking
from db.crobot.parking import Parked
from db.engine import after_commit, patiently, retrying, transaction


def park(
    task: JobTask, args: Any, kwargs: dict[str, Any], task_id: str, options: dict[str, Any]
) -> JobResult:
    """Store a call as a job, in the transaction that is open or in one of its own; or join the live job like it.

    Raises:
        BadInput: the call cannot work; nothing was stored. If a chain goes on with it, the job is stored and fails.
        DatabaseUnreachable: the database does not answer; nothing was stored.
    """
    settling = fail_in_chain.is_settling(app.current_worker_task)
    refused = ""
    try:
        new = new_job(task, args, kwargs, task_id, options)
    except BadInput as error:
        if not settling:
            raise
        new, refused = unusable_job(task, task_id, options), str(error)
    # An error here would end what goes on with this job, a chain or a chord, as failed.
    parked = (patiently if settling else retrying)(lambda: _store(new, refused))
    result = result_of(task, task_id)
    result.job_id, result.joined = parked.job_id, not parked.created
    result.ignored = new.owed.ignore_result
    return result


def result_of(task: JobTask, task_id: str, **options: Any) -> JobResult:
    """Return the job's result by its public task id."""
    return JobResult(task_id, backend=task.backend, task_name=task.name, app=task.app, **options)


def _store(new: NewJob, refused: str) -> Parked:
    with transaction(new.database) as session:
        if new.message:
            after_commit(partial(caller.tell_sent, new.pipeline, new.message))
        parked = parking.park(session, new.columns())
        if parked.created:
            if new.type:
                job_class(new.type, new.pipeline).parked(session, parked.job_id, new)
            if refused:
                fail_in_chain.refuse(session, parked.job_id, refused)
        return parked
