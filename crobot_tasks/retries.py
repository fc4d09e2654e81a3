"""(g) What follows from the way an attempt ended: pure rules, no database."""

from __future__ import annotations

from dataclasses import dataclass

from crobot_errors import OutcomeKind
from db.crobot import JobState

#: a broken tool or a full disk says nothing about the job: another node may do it
TRIED_AGAIN = frozenset(
    {
        OutcomeKind.NODE_LOST,
        OutcomeKind.OUT_OF_MEMORY,
        OutcomeKind.TIME_LIMIT,
        OutcomeKind.DISK_FULL,
        OutcomeKind.NODE_BROKEN,
    }
)
#: after these the next attempt gets more of what was short
GROWTH = 2


@dataclass(frozen=True)
class Step:
    """A job's next state; WAITING means that it is tried again after ``delay_s``, with these limits."""

    state: JobState
    delay_s: float = 0.0
    memory_bytes: int = 0
    time_limit_s: int = 0


def next_step(
    kind: OutcomeKind,
    *,
    attempt: int,
    max_attempts: int,
    memory_bytes: int,
    time_limit_s: int,
    cancel_requested: bool,
    first_delay_s: float,
) -> Step:
    """Decide what becomes of a job whose attempt number ``attempt`` ended as ``kind``."""
    if kind is OutcomeKind.OK:
        return Step(JobState.COMPLETE)
    if kind is OutcomeKind.CANCELLED or cancel_requested:
        return Step(JobState.CANCELLED)
    if kind not in TRIED_AGAIN or attempt >= max_attempts:
        return Step(JobState.FAILED)
    # A lost node is no reason to wait: the job is just placed on another one.
    delay_s = 0.0 if kind is OutcomeKind.NODE_LOST else first_delay_s * 2 ** (attempt - 1)
    return Step(
        JobState.WAITING,
        delay_s,
        memory_bytes * (GROWTH if kind is OutcomeKind.OUT_OF_MEMORY else 1),
        time_limit_s * (GROWTH if kind is OutcomeKind.TIME_LIMIT else 1),
    )
