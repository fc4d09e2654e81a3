"""Why jobs wait that were just sent, without looking at all nodes for each send."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from crobot_tasks.operate.explain import View
from db.crobot import JobState, dispatching

#: seconds; nodes and what runs on them may be as they were so long ago
FRESH_S = 1.0

#: columns that decide why a job waits which no node has had
_ALIKE = (
    "pipeline version database priority workgroup user_id cores memory_bytes disk_bytes expected_s held_at hold_reason"
    " available_at waiting_since"
).split()


class _Last:
    """The nodes as this process saw them last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.view: View | None = None
        self.read_at = float("-inf")


_last = _Last()


def why_each_waits(session: Any, job_ids: Sequence[int]) -> dict[int, str]:
    """Job id → why it waits, or where it is; what is paused, and whether a head is at work, as it is now."""
    rows = dispatching.seen(session, job_ids)
    if not rows:
        return {}
    view = _recent(session).at(session, rows[0])
    keys = {row.id: _key(row) for row in rows}
    reasons = {key: view.why(row) for key, row in {keys[row.id]: row for row in rows}.items()}
    return {job_id: reasons[key] for job_id, key in keys.items()}


def _key(row: Any) -> tuple[Any, ...]:
    """Return what jobs share that wait for the same reason; one that was tried or has a node reserved is by itself."""
    is_new = row.state == JobState.WAITING and not row.attempt and row.reserved_on is None
    return tuple(getattr(row, name) for name in _ALIKE) if is_new else (row.id,)


def _recent(session: Any) -> View:
    # Only one thread reads: it takes no lock in the database, so nobody waits for each other there.
    with _last.lock:
        if _last.view is None or time.monotonic() - _last.read_at > FRESH_S:
            _last.view, _last.read_at = View(session), time.monotonic()
        return _last.view
