"""(e) The accepted outcome → Celery's result, chord, chain and callbacks, exactly once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from celery import Task
from celery.exceptions import Ignore

import celeryconfig
from crobot_tasks.broker.json_values import revive
from crobot_tasks.broker.queues import SETTLE, UNREACHABLE
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.result_backend import ResultStore, failure, outcome, remind
from db import engine
from db.crobot import JobState, finishing, jobs
from db.engine import is_away, retrying, transaction

log = logging.getLogger(__name__)

#: a chord's last result that was cut off is heard again only when Celery's own claim on the chord (6 s) is over
CLAIMED_S = 7.0


def after_commit(session: Any, job_ids: Sequence[int]) -> None:
    """Settle what these jobs owe as soon as the open transaction is committed."""
    owed = finishing.owed(session, job_ids)
    if owed:
        engine.after_commit(lambda: _settle_all(owed))


def _settle_all(owed: Sequence[Any]) -> None:
    """Store plain results at once, and let Celery's tracer do the others; what fails here is found again as overdue."""
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
        if not row.options:
            done.append(row.task_id)
    if done:
        with transaction() as session:
            finishing.settled(session, done)


def _settle_one(row: Any) -> None:
    if row.options:
        _publish(row)
    elif not row.ignore_result:
        _store(row)


def _publish(row: Any) -> None:
    # With the job's public id and its canvas options, this task is, for Celery, the job.
    settle.apply_async(
        kwargs={"job_id": row.job_id},
        task_id=row.task_id,
        queue=SETTLE,
        ignore_result=row.ignore_result,
        add_to_parent=False,
        # not that of the report's message, which is just read here
        **{"root_id": row.task_id, **revive(row.options)},
    )


def _store(row: Any) -> None:
    """Store a result, or wake whoever waits for it; doing it twice is harmless."""
    store = app.backend
    if isinstance(store, ResultStore):
        store.wake(row)
    else:
        state, value = outcome(row)
        store.store_result(row.task_id, value, state)


def overdue_s() -> float:
    """Return after how many seconds a result that is not settled is settled again."""
    return max(float(celeryconfig.crobot_settle_s), CLAIMED_S)


def _claimed(task_id: str, job_id: int) -> Any:
    """Return the job whose result is to be settled here and now.

    Raises:
        Ignore: it is settled elsewhere, or will be later.
    """

    def claim() -> tuple[bool, Any]:
        with transaction() as session:
            mine = finishing.claim(session, task_id, overdue_s())
            return mine, jobs.find(session, job_id)

    try:
        mine, row = retrying(claim)
    # To Celery, any error here would be the job's own: its chord and its chain would end as failed.
    except Exception as error:
        if not is_away(error):
            raise
        raise Ignore(f"the database is away, and it is settled when that is back: {error}") from error
    if not mine or row is None:
        raise Ignore("settled before")
    return row


class SettleTask(Task):
    """Marks the result settled once Celery has stored it and sent what follows."""

    abstract = True

    def after_return(
        self, status: str, retval: Any, task_id: str, args: Any, kwargs: Any, einfo: Any
    ) -> None:
        """Note it; a head that dies before this settles again, and Celery's ids make that harmless."""
        _mark(task_id)


def _mark(task_id: str) -> None:
    with transaction() as session:
        finishing.settled(session, [task_id])


@app.task(bind=True, base=SettleTask, name="crobot.settle", throws=(Exception,), send_events=False)
def settle(self: Any, job_id: int) -> Any:
    """End as the job ended, so that Celery does for it what it does for any task."""
    row = _claimed(self.request.id, job_id)
    _become(self.request, row)
    if row.state == JobState.COMPLETE:
        return revive(row.result)
    if row.state == JobState.CANCELLED:
        self.backend.mark_as_revoked(
            self.request.id, row.message or "cancelled", request=self.request, store_result=True
        )
        _mark(self.request.id)
        raise Ignore("cancelled")
    raise failure(row)


def _become(request: Any, row: Any) -> None:
    """Let what Celery stores, and tells callbacks, be the job's, and not that of the message which settles it."""
    sender = row.request if row.request.get("id") == request.id else {}
    request.update(settled_job=row, parent_id=sender.get("parent_id"))


@app.task(name="crobot.settle_overdue", ignore_result=True, send_events=False)
def settle_overdue() -> None:
    """Settle what a head that died, or a result store that was away or has forgotten, left over."""
    try:
        remind()
    except UNREACHABLE as error:  # or it refuses to say: what is owed is settled all the same
        log.warning("nobody can tell whether the result store has forgotten anything: %s", error)
    with transaction() as session:
        owed = finishing.overdue(session, overdue_s())
    _settle_all(owed)
