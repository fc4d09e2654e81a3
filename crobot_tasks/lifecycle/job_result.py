"""(a) What a send returns: Celery's AsyncResult, which knows its job."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from celery.result import AsyncResult

from crobot_tasks.lifecycle.cancel import cancel
from db.crobot import jobs
from db.engine import transaction


class JobResult(AsyncResult):
    """Celery's AsyncResult of a job: `revoke` cancels the job itself."""

    #: whether the send found the same job alive and joined it; only a send knows
    joined = False

    @cached_property
    def job_id(self) -> int | None:
        """The job's number; None if no job has this task id."""
        with transaction() as session:
            return jobs.by_task_id(session, self.id)

    def revoke(self, *args: Any, **kwargs: Any) -> None:
        """Cancel the job, wherever it is."""
        if self.job_id is not None:
            cancel(self.job_id)
