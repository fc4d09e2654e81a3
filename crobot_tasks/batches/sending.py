"""A slice of a batch is sent: a Celery group of jobs, in one transaction with what became of each item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from celery import group

from crobot_tasks.batches.kinds import KINDS, Call
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.calls.sends import collecting
from crobot_tasks.lifecycle.sending.commit_sends import JobsAtOnce, commit
from db.crobot import batches, jobs


def send_slice(session: Any, batch: Any) -> bool:
    """Send the next slice of a batch that is locked, in the open transaction; false if all was sent."""
    slice_ = batches.next_slice(session, batch.id)
    if slice_ is None:
        return False
    items = batches.items(session, batch.id, slice_)
    calls = list(KINDS[batch.kind](session, batch, items))
    tasks = iter(_send_group(session, [call.signature for call in calls if call.signature is not None]))
    rows = [_became(item, call, tasks) for item, call in zip(items, calls, strict=True)]
    batches.note_sent(session, batch.id, rows)
    return True


def _send_group(session: Any, signatures: Sequence[Any]) -> list[int]:
    """Send signatures as one group; returns their jobs, in order."""
    if not signatures:
        return []
    sends = JobsAtOnce()
    with collecting(sends):
        group(signatures).apply_async(add_to_parent=False, ignore_result=True)
    finish.refuse(session, commit(session, sends, sends.jobs))
    ids = [new.owed.settlement_id for new, _ in sends.jobs]
    sent = jobs.of_sends(session, ids)
    return [sent[one].job_id for one in ids]


def _became(item: Any, call: Call, sent: Any) -> dict[str, Any]:
    job_id = next(sent) if call.signature is not None else call.cached
    return {
        "number": item.number,
        "job_id": job_id,
        "cached": call.cached is not None,
        "skipped": call.skipped,
    }
