"""(e) What jobs that ended owe: plain results are told at once, what goes on is given to the task `crobot.settle`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.broker.queues import SETTLE, UNREACHABLE
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.finishing.outcomes import outcome
from db import engine
from db.crobot import settlements
from db.engine import transaction

log = logging.getLogger(__name__)


def after_commit(session: Any, job_ids: Sequence[int]) -> None:
    """Settle what these jobs owe as soon as the open transaction is committed."""
    owed = settlements.owed(session, job_ids)
    if owed:
        engine.after_commit(lambda: settle_all(owed))


def settle_all(owed: Sequence[Any]) -> None:
    """Tell plain results at once, and let Celery's tracer do the others; what fails here is found again as overdue."""
    done: list[str] = []
    for row in owed:
        try:
            _settle_one(row)
        except UNREACHABLE as error:
            log.warning("results cannot be stored now, they will be: %s", error)
            break
        # A backend has errors of its own, and one result must not stand in the way of the others.
        except Exception:
            log.exception("the result %s of job %s cannot be settled now", row.task_id, row.job_id)
            continue
        if not _goes_on(row):
            done.append(row.id)
    if done:
        with transaction() as session:
            settlements.settled(session, done)


def _settle_one(row: Any) -> None:
    if _goes_on(row):
        app.publish("crobot.settle", kwargs={"settlement_id": str(row.id)}, queue=SETTLE, ignore_result=True)
    elif not row.ignore_result:
        _tell(row)


def _goes_on(row: Any) -> bool:
    """Whether anything is to be sent: what is next in a canvas, or what takes the job's place."""
    return bool(row.options or row.replacement)


def _tell(row: Any) -> None:
    """Store a result, or wake whoever waits for it; doing it twice is harmless."""
    store, (state, value) = app.backend, outcome(row)
    if hasattr(store, "wake"):
        store.wake(row)
    else:
        store.store_result(row.task_id, value, state)
