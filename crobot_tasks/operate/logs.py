"""The logs of a job's attempts on the shared storage: where they lie, and why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadPath, printable
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.lifecycle.storage.access import reading
from crobot_tasks.operate import explain
from db.crobot import JobState, clock
from db.engine import transaction
from workers.storage import log_path, own_file

#: bytes that are read at a time
_PIECE_BYTES = 64 * 1024
#: so long a page waits for the storage
STALLED_S = 3.0


@dataclass(frozen=True)
class LastLines:
    """The end of a log."""

    text: str
    #: of the whole log
    size_bytes: int
    #: bytes before the text
    left_out_bytes: int


def path_of(job_id: int, attempt: int) -> Path:
    """Return where an attempt's log lies; nodes write it there while the attempt runs."""
    return log_path(storage_root(), job_id, attempt)


def tail(path: Path, end: int, lines: int, most_bytes: int) -> int:
    """Return at which byte the last lines before ``end`` begin; among the last ``most_bytes`` and a piece."""
    begin, text = end, b""
    with path.open("rb") as file:
        while begin > max(0, end - most_bytes) and text.removesuffix(b"\n").count(b"\n") < lines:
            step = min(_PIECE_BYTES, begin)
            begin -= step
            file.seek(begin)
            text = file.read(step) + text
    last = b"\n".join(text.removesuffix(b"\n").split(b"\n")[-lines:])
    return end - len(last) - text.endswith(b"\n")


def last_lines(job_id: int, attempt: int, lines: int, most_bytes: int) -> LastLines | None:
    """Return the end of an attempt's log, for people: what cannot be seen is escaped; None if there is no log.

    Raises:
        ServiceError: the storage does not answer.
    """
    return reading(partial(_last_lines, path_of(job_id, attempt), lines, most_bytes), STALLED_S)


def _last_lines(path: Path, lines: int, most_bytes: int) -> LastLines | None:
    try:
        # nodes write here, and a link could lead anywhere
        path = own_file(str(path), path.parent)
    except (OSError, BadPath):
        return None
    end = path.stat().st_size
    begin = max(tail(path, end, lines, most_bytes), end - most_bytes)
    with path.open("rb") as file:
        file.seek(begin)
        text = file.read(end - begin).decode(errors="replace").replace("\r\n", "\n")
    return LastLines(printable(text), end, begin)


def why_none(job: Any, attempt: int | None = None) -> str:
    """Say why a job, or one attempt of it, has no log."""
    of = f" of attempt {attempt}" if attempt else ""
    return f"job {job.id} has no log{of}: {_why(job)}"


def _why(job: Any) -> str:
    if job.state == JobState.RUNNING:
        return "it has begun, and written nothing yet"
    return explain.why_waiting(job.id) or _why_gone(job) or f"it is {job.state}, and wrote none"


def _why_gone(job: Any) -> str:
    with transaction() as session:
        days = policy_in_force.current(session).retention.days_of("logs")
        now = clock.now(session)
    if days is None or job.finished_at is None or now - job.finished_at < timedelta(days=days):
        return ""
    return f"it ended on {job.finished_at:%Y-%m-%d}, and logs are kept for {days} days (logs_d of the policy)"
