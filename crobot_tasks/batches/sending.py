"""A slice of a batch is sent: a Celery group of jobs, in one transaction with what became of each item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crobot_tasks.batches.kinds import KINDS, Call
from crobot_tasks.lifecycle.sending.commit_sends import JobsAtOnce
from crobot_tasks.lifecycle.sending.group_members import call_members
from crobot_tasks.lifecycle.together import send_all
from db.crobot import batch_items


def send_slice(session: Any, batch: Any) -> bool:
    """Send the next slice of a batch that is locked, in the open transaction; false if all was sent."""
    slice_ = batch_items.next_slice(session, batch.id)
    if slice_ is None:
        return False
    items = batch_items.items(session, batch.id, slice_)
    calls = list(KINDS[batch.kind](session, batch, items))
    tasks = iter(_send_group(session, [call.signature for call in calls if call.signature is not None]))
    rows = [_became(item, call, tasks) for item, call in zip(items, calls, strict=True)]
    batch_items.note_sent(session, batch.id, rows)
    return True


def _send_group(session: Any, signatures: Sequence[Any]) -> list[int]:
    """Send signatures as one group; returns their jobs, in order."""
    if not signatures:
        return []
    sends = JobsAtOnce()
    call_members(signatures, sends)
    return [sent.job_id for sent in send_all(session, sends, sends.jobs)]


def _became(item: Any, call: Call, sent: Any) -> dict[str, Any]:
    job_id = next(sent) if call.signature is not None else call.cached
    return {
        "number": item.number,
        "job_id": job_id,
        "cached": call.cached is not None,
        "skipped": call.skipped,
    }
