"""(e) Errbacks that take the failure itself are sent, too: where a result is settled, nobody else's code runs."""

from __future__ import annotations

import logging
from copy import copy
from functools import partial
from typing import Any

from celery.backends.base import Backend
from celery.exceptions import NotRegistered

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.calls.failure_arguments import carried, revived
from crobot_tasks.lifecycle.job_task import JobTask

log = logging.getLogger(__name__)


class SentErrbacks(Backend):
    """A store of results whose errbacks run elsewhere: jobs on a node, all others where plain tasks run."""

    def _call_task_errbacks(self, request: Any, exc: Any, traceback: Any) -> None:
        """Send all errbacks; Celery calls those of two parameters and more here and now."""
        others = []
        for errback in map(self.app.signature, request.errbacks):
            if self._takes_failure(errback):
                self._send(errback, request, exc, traceback)
            else:
                others.append(errback)
        if others:
            asked = copy(request)
            asked.errbacks = others
            super()._call_task_errbacks(asked, exc, traceback)

    def _takes_failure(self, errback: Any) -> bool:
        """Whether Celery would call it with request, exception and traceback."""
        try:
            header = getattr(errback.type, "__header__", None)
        except NotRegistered:
            return False
        # Celery sends bound tasks with the task id, so that they can be retried.
        if header is None or isinstance(header, partial) or errback.subtask_type:
            return False
        return bool(self._errback_arity_greater(errback, 1))

    def _send(self, errback: Any, request: Any, error: BaseException, traceback: Any) -> None:
        ids = {"root_id": request.root_id or request.id, "parent_id": request.id}
        try:
            if errback.immutable:
                errback.apply_async(**ids)
            elif isinstance(errback.type, JobTask):
                errback.apply_async(carried(self, request, error, traceback), **ids)
            else:
                call_errback.apply_async((errback, *carried(self, request, error, traceback)), **ids)
        # As in Celery, an errback that cannot work keeps no other from being told.
        except Exception:
            log.exception("the errback %s of task %s cannot be sent", errback.name, request.id)


@app.task(name="crobot.errback", ignore_result=True)
def call_errback(errback: Any, *failure: Any) -> None:
    """Call an errback as Celery does where a task has failed."""
    app.signature(errback)(*revived(app.backend, failure))
