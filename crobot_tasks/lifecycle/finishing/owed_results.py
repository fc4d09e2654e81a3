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
    try:
        done = _tell([row for row in owed if not _goes_on(row)])
        for row in owed:
            if _goes_on(row):
                _hand_over(row)
    except UNREACHABLE as error:
        log.warning("results cannot be told now, they will be: %s", error)
    if done:
        with transaction() as session:
            settlements.settled(session, done)


def _goes_on(row: Any) -> bool:
    """Whether anything is to be sent: what is next in a canvas, or what takes the job's place."""
    return bool(row.options or row.replacement)


def _hand_over(row: Any) -> None:
    """Give a result to the task that settles it."""
    try:
        app.publish("crobot.settle", kwargs={"settlement_id": str(row.id)}, queue=SETTLE, ignore_result=True)
    except UNREACHABLE:
        raise
    # The jobs have ended: whoever ended them must hear of no error, and the result is found again as overdue.
    except Exception:
        log.exception("the result %s of job %s cannot be handed over now", row.task_id, row.job_id)


def _tell(rows: Sequence[Any]) -> list[str]:
    """Store results, or wake whoever waits for them; doing it twice is harmless. Return those that are told."""
    awaited = [row for row in rows if not row.ignore_result]
    try:
        _tell_all(awaited)
    except UNREACHABLE:
        raise
    # A backend has errors of its own, and one result must not stand in the way of the others.
    except Exception:
        if len(rows) > 1:
            return [settlement_id for row in rows for settlement_id in _tell([row])]
        row = rows[0]
        known = {"job": row.job_id, "traceparent": row.traceparent}
        log.exception("the result %s of job %s cannot be told now", row.task_id, row.job_id, extra=known)
        return []
    return [row.id for row in rows]


def _tell_all(rows: Sequence[Any]) -> None:
    store = app.backend
    if hasattr(store, "wake"):
        store.wake(rows)
        return
    for row in rows:
        state, value = outcome(row)
        store.store_result(row.task_id, value, state)
