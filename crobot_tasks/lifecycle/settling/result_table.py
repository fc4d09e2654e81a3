"""(e) Celery's results in a table, for brokers that keep none: of jobs it is asked where they stand."""

from __future__ import annotations

from typing import Any

from celery.backends.database import DatabaseBackend

from crobot_tasks.lifecycle.settling.errbacks import SentErrbacks
from crobot_tasks.lifecycle.settling.result_backend import meta_of, standing


class ResultTable(SentErrbacks, DatabaseBackend):
    """Celery's table, in which the results of jobs have what belongs to a job."""

    def get_task_meta(self, task_id: str, cache: bool = True) -> Any:
        """Return state and result of a task."""
        meta = super().get_task_meta(task_id, cache)
        row = standing(task_id)
        return {**meta_of(row), "children": meta.get("children") or []} if row else meta
