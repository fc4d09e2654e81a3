"""A chain that goes on with a job which cannot work: nobody is there to hear the error, so the job fails at once."""

from __future__ import annotations

from typing import Any

from crobot_errors import OutcomeKind, ToolFailed
from crobot_tasks.celery import app
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.settle import settle
from db.crobot import JobState


def is_settling(parent: Any) -> bool:
    """Whether this is a job's settlement sending what follows."""
    return parent is not None and parent.name == settle.name


def refuse(session: Any, job_id: int, reason: str) -> None:
    """End the job that was just parked, in the same transaction."""
    result = app.backend.prepare_exception(ToolFailed(reason), "json")
    finish.end(session, [finish.Ending(job_id, JobState.FAILED, OutcomeKind.TOOL, reason, result)])
