"""A chain that goes on with a job which cannot work: nobody is there to hear the error, so the job fails at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from crobot_errors import DatabaseUnreachable, OutcomeKind, ToolFailed
from crobot_tasks import finish
from crobot_tasks.celery import app
from crobot_tasks.settle import settle
from db.crobot import JobState
from db.engine import retrying

log = logging.getLogger(__name__)

T = TypeVar("T")


def is_settling(parent: Any) -> bool:
    """Whether this is a job's settlement sending what follows."""
    return parent is not None and parent.name == settle.name


def patiently(park: Callable[[], T]) -> T:
    """Park what follows a job, however long the database is away: an error here would end the chain as failed."""
    while True:
        try:
            return retrying(park)
        except DatabaseUnreachable as error:
            log.warning("what follows a job cannot be parked yet: %s", error)
            time.sleep(1)


def refuse(session: Any, job_id: int, reason: str) -> None:
    """End the job that was just parked, in the same transaction."""
    result = app.backend.prepare_exception(ToolFailed(reason), "json")
    finish.end(session, [finish.Ending(job_id, JobState.FAILED, OutcomeKind.TOOL, reason, result)])
