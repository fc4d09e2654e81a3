"""(e) The accepted outcome → Celery's result, chord, chain and callbacks, exactly once."""

from __future__ import annotations

import logging
from typing import Any

from celery.app.trace import trace_task
from celery.exceptions import Ignore
from celery.utils import uuid

from crobot_tasks.broker.json_values import revive
from crobot_tasks.broker.queues import UNREACHABLE
from crobot_tasks.celery import app
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.calls.sends import Sends, collecting
from crobot_tasks.lifecycle.finishing.outcomes import failure
from crobot_tasks.lifecycle.finishing.owed_results import settle_all
from crobot_tasks.lifecycle.sending import outbox
from crobot_tasks.lifecycle.sending.commit_sends import commit
from crobot_tasks.lifecycle.settling import claims
from crobot_tasks.lifecycle.settling.claims import overdue_s
from crobot_tasks.lifecycle.settling.result_backend import remind
from crobot_tasks.lifecycle.settling.settlement_request import request_of
from crobot_tasks.logs.facts import about
from db.crobot import JobState, settlements
from db.engine import is_away, patiently, retrying, transaction

log = logging.getLogger(__name__)


@app.task(bind=True, name="crobot.settle", ignore_result=True, send_events=False)
def settle(self: Any, settlement_id: str | None = None, job_id: int | None = None) -> None:
    """Settle one result; an older head names it by the message's own task id, and by the job."""
    settle_one(settlement_id or _newest(self.request.id))
    if settlement_id is None:
        raise Ignore("what its message says is to follow was sent")


def _newest(task_id: str) -> str:
    with transaction() as session:
        return settlements.id_of_task(session, task_id) or uuid()


def settle_one(settlement_id: str) -> None:
    """Settle a result, unless that was done, or somebody else is at it."""
    by = uuid()
    try:
        row = retrying(lambda: _claimed(settlement_id, by))
        if row is not None:
            with about(job=row.job_id, traceparent=row.traceparent):
                _settle_claimed(row, settlement_id, by)
    except UNREACHABLE as error:
        log.warning("the result %s cannot be settled now, it will be: %s", settlement_id, error)
    except Exception as error:
        if not is_away(error):
            raise
        log.warning("the database is away, and %s is settled when that is back: %s", settlement_id, error)


def _settle_claimed(row: Any, settlement_id: str, by: str) -> None:
    if row.unanswered_size is not None:  # the first try may have been cut off while it answered the chord
        app.backend.remind(row.chord_id, row.unanswered_size)
    elif row.grown_to is not None:
        app.backend.grow(row.chord_id, row.grown_to)
    with claims.held((settlement_id, by)):
        _settle(row, by)


def _claimed(settlement_id: str, by: str) -> Any:
    with transaction() as session:
        return settlements.claim(session, settlement_id, by, overdue_s())


def _settle(row: Any, by: str) -> None:
    """Send what follows; if that cannot be sent, the result is, to Celery, a failed one."""
    error = _send(row, by, _follows(row))
    if error is not None:
        error = _send(row, by, _follows(row, error))
    if error is not None:
        _send(row, by, Sends())


def _follows(row: Any, error: BaseException | None = None) -> Sends:
    """Let Celery do for the job what it does for any task that ends like this; return what it sends."""
    with collecting(Sends()) as sends:
        request = request_of(row) | {"settles": row, "error": error}
        ended = trace_task(settlement, row.task_id, revive(row.args), revive(row.kwargs), request, app=app)
    unsent = ended.info.retval if ended.info is not None else None
    if isinstance(unsent, Ignore):  # what takes the job's place was sent, or it was cancelled
        return sends
    if isinstance(unsent, UNREACHABLE) or (unsent is not None and is_away(unsent)):
        raise unsent
    if error is None and row.state == JobState.COMPLETE and unsent is not None:
        log.error("job %s is complete, but what follows it cannot be sent: %r", row.job_id, unsent)
    return sends


def _send(row: Any, by: str, sends: Sends) -> Exception | None:
    """Commit what follows together with the note that it was; return why that is not possible."""

    def work() -> None:
        with transaction() as session:
            first = settlements.end(session, str(row.id), by)
            if first is None:
                log.warning("the result %s of job %s was settled by another head", row.task_id, row.job_id)
            if first:
                finish.refuse(session, commit(session, sends).refused)

    try:
        patiently(work)
    except UNREACHABLE:
        raise
    except Exception as error:
        log.exception("what follows the result %s of job %s cannot be sent", row.task_id, row.job_id)
        return error
    return None


@app.task(bind=True, name="crobot.settlement", throws=(Exception,), send_events=False)
def settlement(self: Any, *args: Any, **kwargs: Any) -> Any:
    """End as the job ended: with the job's public id and its canvas options, this task is, for Celery, the job."""
    row, error = self.request.settles, self.request.error
    if error is not None:
        raise error
    if row.state == JobState.COMPLETE and row.replacement:
        return self.replace(app.signature(revive(row.replacement)))
    if row.state == JobState.COMPLETE:
        return revive(row.result)
    if row.state == JobState.CANCELLED:
        self.backend.mark_as_revoked(
            self.request.id, row.message or "cancelled", request=self.request, store_result=True
        )
        raise Ignore("cancelled")
    raise failure(row)


@app.task(name="crobot.settle_overdue", ignore_result=True, send_events=False)
def settle_overdue() -> None:
    """Settle what a head that died, or a result store that was away or has forgotten, left over."""
    try:
        remind()
    except UNREACHABLE as error:  # or it refuses to say: what is owed is settled all the same
        log.warning("nobody can tell whether the result store has forgotten anything: %s", error)
    with transaction() as session:
        owed = settlements.overdue(session, overdue_s())
    settle_all(owed)
    outbox.publish_left_over(overdue_s())
