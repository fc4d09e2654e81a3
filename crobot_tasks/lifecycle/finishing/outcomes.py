"""(e) How a job ended, as Celery says it: a state, and a value or an exception."""

from __future__ import annotations

from typing import Any

from celery import states
from celery.exceptions import TaskRevokedError

from crobot_tasks.broker.json_values import revive
from crobot_tasks.broker.queues import worker_hostname
from crobot_tasks.celery import app
from db.crobot import JobState


def outcome(row: Any) -> tuple[str, Any]:
    """Return Celery's state of a job, and its result, its exception, or what its body says of how far it is."""
    match row.state:
        case JobState.COMPLETE if row.replacement:
            return states.STARTED, None
        case JobState.COMPLETE:
            return states.SUCCESS, revive(row.result)
        case JobState.CANCELLED:
            return states.REVOKED, TaskRevokedError(row.message or "cancelled")
        case JobState.FAILED:
            return states.FAILURE, failure(row)
        case JobState.RUNNING:
            at_work = {"hostname": worker_hostname(row.node)}
            return row.progress_state or states.STARTED, revive(
                row.progress
            ) if row.progress_state else at_work
    # WAITING for the next attempt: the exception is that of the last
    if row.outcome:
        return states.RETRY, failure(row)
    if row.replaces:  # what was called is under way
        return states.STARTED, None
    return states.RECEIVED if row.state == JobState.ROUTED else states.PENDING, None


def failure(row: Any) -> BaseException:
    """Return the exception that a job failed with, for good or in its last attempt."""
    error = app.backend.exception_to_python(revive(row.result)) if row.result else None
    return error if isinstance(error, BaseException) else RuntimeError(row.message)
