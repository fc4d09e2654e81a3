"""(e) The base of all tasks that are no jobs: a call that comes from the outbox is begun once."""

from __future__ import annotations

from typing import Any

from celery import Task
from celery.exceptions import Ignore


class PlainTask(Task):
    """Celery's Task, except that a second copy of a message from the outbox does nothing."""

    abstract = True

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Claim the call; one that Celery tries again carries the headers of the first."""
        message_id = self.request.get("crobot_message")
        if message_id and not self.request.retries and not self.app.outbox.is_first(message_id):
            raise Ignore("another copy of its message was begun")
