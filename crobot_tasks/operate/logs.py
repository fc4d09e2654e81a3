"""The logs of a job's attempts on the shared storage: where they lie, and why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.operate import explain
from db.crobot import JobState
from workers.storage import log_path


def path_of(job_id: int, attempt: int) -> Path:
    """Return where an attempt's log lies; nodes write it there while the attempt runs."""
    return log_path(storage_root(), job_id, attempt)


def why_none(job: Any, attempt: int | None = None) -> str:
    """Say why a job, or one attempt of it, has no log."""
    of = f" of attempt {attempt}" if attempt else ""
    return f"job {job.id} has no log{of}: {_why(job)}"


def _why(job: Any) -> str:
    if job.state == JobState.RUNNING:
        return "it has begun, and written nothing yet"
    return explain.why_waiting(job.id) or f"it is {job.state}, and wrote none"
