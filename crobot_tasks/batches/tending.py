"""Heads tend the batches: slices that are over are counted, the next are sent, callbacks are sent once."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from celery.canvas import Signature

from crobot_errors import ServiceError, text_of
from crobot_tasks.batches.sending import send_slice
from crobot_tasks.batches.standing import Standing, standing
from crobot_tasks.broker.json_values import revive, storable
from crobot_tasks.celery import app
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.calls.sends import Sends, collecting
from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.lifecycle.sending.commit_sends import commit
from crobot_tasks.lifecycle.storage.mark import why_unusable
from crobot_tasks.webhooks import outcomes
from crobot_tasks.webhooks.address import Address
from db.crobot import SubjectKind, batch_counts, batches, control
from db.crobot.batches import Event
from db.engine import may_repeat, retrying, transaction

log = logging.getLogger(__name__)

#: longest reason of a pause, in characters
REASON = 500
#: slices that a batch sends before the next batch has its turn
SLICES = 5


@app.task(name="crobot.tend_batches", ignore_result=True, send_events=False)
def tend_batches() -> None:
    """Move each batch that is not over; any number of heads may do so at once."""
    with transaction() as session:
        open_ids = batches.open_ids(session)
    # Its files would look as if they were lost, and every item be left out for that.
    away = why_unusable() if open_ids else ""
    if away:
        log.warning("batches send nothing: %s", away)
    for batch_id in open_ids:
        try:
            tend(batch_id, sends=not away)
        except ServiceError:
            raise
        # Whatever one batch meets, the others go on; it would meet it again and again.
        except Exception as error:
            if may_repeat(error):
                raise
            log.exception("batch number %s is paused, since it cannot go on", batch_id)
            retrying(
                partial(_give_up, batch_id, f"it cannot go on: {type(error).__name__}: {text_of(error)}")
            )


def _give_up(batch_id: int, reason: str) -> None:
    with transaction() as session:
        batch = batches.take(session, batch_id)
        if batch is not None and not batch.paused_at:
            batches.pause(session, batch.name, storable(reason)[:REASON])


def tend(batch_id: int, *, sends: bool = True) -> None:
    """Move one batch as far as it goes now; unless it ``sends``, no new jobs."""
    unwanted = retrying(partial(_look, batch_id))
    cancel_each(unwanted, "its batch was cancelled")
    for _ in range(SLICES if sends else 0):
        if not retrying(partial(_send, batch_id)):
            return


def _look(batch_id: int) -> list[int]:
    """See how the batch stands, and do what follows from it; returns the jobs that are to be cancelled."""
    with transaction() as session:
        batch = batches.take(session, batch_id)
        if batch is None:
            return []
        batch_counts.count(session, batch_id)
        now = standing(session, batch)
        if reason := _too_many_failures(batch, now):
            log.warning("batch %s is paused: %s", batch.name, reason)
            batches.pause(session, batch.name, reason)
            batch = batches.lock(session, batch.name)
        if batch.made_at and not now.unsent and batches.end(session, batch_id):
            log.info("batch %s is over", batch.name)
            _call_back(session, batch, now, ended=True)
            if outcomes.is_wanted(session, SubjectKind.BATCH, batch_id):
                outcomes.write(session, SubjectKind.BATCH, batch_id, _outcome(batch, now))
        else:
            _call_back(session, batch, now, ended=False)
        return enforce(session, batch)


def enforce(session: Any, batch: Any) -> list[int]:
    """Make live jobs follow their batch, also those that came later; returns those that are to be cancelled."""
    live = batches.live_jobs(session, batch.name)
    if batch.cancelled_at:
        return [job.id for job in live if not job.stopping]
    if batch.paused_at:
        control.hold(session, [job.id for job in live if not job.held], _reason(batch))
    else:
        control.release(session, [job.id for job in live if job.held and job.hold_reason == _reason(batch)])
    return []


def call_back_late(session: Any, batch: Any) -> None:
    """Send what was asked for after the batch had ended."""
    if batch.ended_at:
        _call_back(session, batch, standing(session, batch), ended=True)


def post_outcome(session: Any, batch: Any, to: Address, user_id: int) -> None:
    """Have the outcome of a batch, which is locked, posted each time that it ends; of one that is over, now, too."""
    ended = _outcome(batch, standing(session, batch)) if batch.ended_at else None
    outcomes.order(session, SubjectKind.BATCH, batch.id, to, user_id=user_id, ended=ended)


def _outcome(batch: Any, now: Standing) -> dict[str, Any]:
    state = "cancelled" if batch.cancelled_at else "over"
    told = {
        name: value
        for name, value in _told(batch, now, "exhausted").items()
        if name not in ("batch", "event")
    }
    about = {"id": batch.id, "name": batch.name, "state": state, "user_id": batch.user_id}
    return outcomes.body(f"batch.{state}", about | told)


def _reason(batch: Any) -> str:
    return f"batch {batch.name} is paused"


def _too_many_failures(batch: Any, now: Standing) -> str:
    failed = now.failed - batch.forgiven
    if batch.paused_at or batch.cancelled_at or failed <= 0:
        return ""
    if batch.max_failures is not None and failed >= batch.max_failures:
        return f"{failed:,} jobs failed, the limit is {batch.max_failures:,}"
    if batch.max_failed_share is not None and failed >= batch.max_failed_share * batch.size:
        return f"{failed:,} of {batch.size:,} jobs failed, the limit is {batch.max_failed_share:.1%}"
    return ""


def _call_back(session: Any, batch: Any, now: Standing, *, ended: bool) -> None:
    """Send what the batch has come to, in the transaction that notes it."""
    came = {
        Event.FAILURE: now.failed > 0,
        Event.EXHAUSTED: ended,
        Event.COMPLETE: ended and not now.failed and not now.cancelled,
    }
    called = batches.take_callbacks(session, batch.id, [event for event, true in came.items() if true])
    if not called:
        return
    with collecting(Sends()) as sends:
        for row in called:
            signature = Signature.from_dict(revive(row.call), app=app)
            signature.apply_async(args=[_told(batch, now, row.event)], add_to_parent=False)
    finish.refuse(session, commit(session, sends).refused)


def _told(batch: Any, now: Standing, event: str) -> dict[str, Any]:
    """Return what a callback is called with."""
    numbers = {name: value for name, value in now.as_dict().items() if isinstance(value, int)}
    return {"batch": batch.name, "event": event, **numbers, "failures": now.failures}


def _send(batch_id: int) -> bool:
    """Send a slice, if the batch may; false if it is not to send more now."""
    with transaction() as session:
        batch = batches.take(session, batch_id)
        if batch is None or not batch.made_at or batch.paused_at or batch.cancelled_at or batch.ended_at:
            return False
        if batch_counts.live(session, batch_id) >= batch.live_limit:
            return False
        with transaction(batch.database):
            return send_slice(session, batch)
