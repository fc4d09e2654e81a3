"""What follows from the way an attempt ended."""

from __future__ import annotations

from typing import Any

import pytest

from crobot_errors import OutcomeKind
from crobot_tasks.retries import Step, next_step
from db.crobot import JobState

MEMORY, TIME = 1000, 60


def step(kind: OutcomeKind, attempt: int = 1, **more: Any) -> Step:
    defaults = {"max_attempts": 3, "memory_bytes": MEMORY, "time_limit_s": TIME, "cancel_requested": False,
                "first_delay_s": 5.0}  # fmt: skip
    return next_step(kind, attempt=attempt, **defaults | more)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (OutcomeKind.OK, Step(JobState.COMPLETE)),
        (OutcomeKind.TOOL, Step(JobState.FAILED)),
        (OutcomeKind.INTERNAL, Step(JobState.FAILED)),
        (OutcomeKind.CANCELLED, Step(JobState.CANCELLED)),
        (OutcomeKind.NODE_LOST, Step(JobState.WAITING, 0.0, MEMORY, TIME)),
        (OutcomeKind.NODE_BROKEN, Step(JobState.WAITING, 5.0, MEMORY, TIME)),
        (OutcomeKind.DISK_FULL, Step(JobState.WAITING, 5.0, MEMORY, TIME)),
        (OutcomeKind.OUT_OF_MEMORY, Step(JobState.WAITING, 5.0, 2 * MEMORY, TIME)),
        (OutcomeKind.TIME_LIMIT, Step(JobState.WAITING, 5.0, MEMORY, 2 * TIME)),
    ],
)
def test_each_kind_of_outcome_has_its_consequence(kind: OutcomeKind, expected: Step) -> None:
    assert step(kind) == expected


def test_every_kind_has_a_consequence() -> None:
    assert {step(kind).state for kind in OutcomeKind} <= set(JobState)


@pytest.mark.parametrize("kind", OutcomeKind)
def test_the_last_attempt_is_never_followed_by_another(kind: OutcomeKind) -> None:
    expected = {OutcomeKind.OK: JobState.COMPLETE, OutcomeKind.CANCELLED: JobState.CANCELLED}
    assert step(kind, attempt=3).state == expected.get(kind, JobState.FAILED)
    assert step(kind, attempt=4).state == expected.get(kind, JobState.FAILED)


@pytest.mark.parametrize("kind", OutcomeKind)
def test_a_job_that_somebody_cancelled_is_complete_or_cancelled(kind: OutcomeKind) -> None:
    expected = JobState.COMPLETE if kind is OutcomeKind.OK else JobState.CANCELLED
    assert step(kind, cancel_requested=True).state == expected


def test_the_delay_doubles_with_each_attempt() -> None:
    assert [step(OutcomeKind.DISK_FULL, attempt, max_attempts=9).delay_s for attempt in (1, 2, 3)] == [
        5,
        10,
        20,
    ]
