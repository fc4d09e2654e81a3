"""(d) What must be done after a commit, and may wait for the storage: a call that the outbox keeps until it is done."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from celery import Task
from celery.utils import uuid

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.broker.queues import SETTLE
from crobot_tasks.lifecycle.storage.access import StorageStalls
from db.crobot import messages
from db.engine import after_commit, is_away, transaction

log = logging.getLogger(__name__)


class KeptTask(Task):
    """A task of the heads, whose first argument is ``call_id``; it calls `done` in the transaction that does its work.

    A call that ends without that is published again. A second copy of a message finds the call done.
    """

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task; a call that meets no database, or no storage, is one that is not done yet."""
        try:
            return self.run(*args, **kwargs)
        except Exception as error:
            if not (is_away(error) or isinstance(error, StorageStalls)):
                raise
            log.warning("%s is called again, since what it needs is away: %s", self.name, error)


def after_this(session: Any, task: KeptTask, **kwargs: Any) -> None:
    """Call a task after the open transaction: here and now, and in a head if that does not come to its end."""
    call_id = uuid()
    call = {
        "id": call_id,
        "task_id": call_id,
        "name": task.name,
        "args": [call_id],
        "kwargs": kwargs,
        "options": {"queue": SETTLE, "ignore_result": True},
    }
    messages.add(session, [call])
    after_commit(partial(_call, task, call_id, kwargs))


def _call(task: KeptTask, call_id: str, kwargs: dict[str, Any]) -> None:
    try:
        task(call_id, **kwargs)
    # What was committed stays; the call is kept.
    except Exception:
        log.exception("%s failed, and is called again", task.name)


def age_s(call_id: str) -> float | None:
    """Return how many seconds ago a call was committed; None if it is done."""
    with transaction() as session:
        return messages.age_s(session, call_id)


def done(session: Any, call_id: str) -> bool:
    """Note that a call is done, in the transaction that does its work; false if another copy has done it."""
    return messages.done(session, call_id)
