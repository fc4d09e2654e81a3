"""(a) What a send returns: Celery's AsyncResult, which knows its job."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from celery.result import AsyncResult

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.lifecycle.calls.sends import collected
from db.crobot import jobs
from db.engine import transaction


class JobResult(AsyncResult):
    """Celery's AsyncResult of a job; `revoke` goes through `app.control`, which cancels the job."""

    #: whether the send found the same job alive and joined it; only a send knows
    joined = False

    def then(self, callback: Any, on_error: Any = None, weak: bool = False) -> Any:
        """Have a callback called when the job is over; where sends are collected nothing is sent yet."""
        if (sends := collected()) is not None:
            sends.wait_for(self)
            return self.on_ready.then(callback, on_error)
        return super().then(callback, on_error, weak)

    @cached_property
    def job_id(self) -> int | None:
        """The job's number; None if no job has this task id."""
        with transaction() as session:
            return jobs.by_task_id(session, self.id)
