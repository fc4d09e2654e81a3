"""What follows from the way an attempt ended."""

from __future__ import annotations

from typing import Any

import pytest

from crobot_errors import OutcomeKind
from crobot_tasks.broker.formats import MOST_ATTEMPTS
from crobot_tasks.lifecycle.retries import Step, Trial, next_step
from crobot_tasks.router.policy import Policy, read
from db.crobot import JobState

MEMORY, TIME = 1000, 60


def step(kind: OutcomeKind, policy: Policy | None = None, **more: Any) -> Step:
    given: dict[str, Any] = {"pipeline": "QAssembly", "attempt": 1, "begun": True, "earlier": 0, "deaths": 0,
                             "memory_bytes": MEMORY, "time_limit_s": TIME}  # fmt: skip
    return next_step(Trial(kind, **given | more), policy or Policy())


def again(kind: OutcomeKind, delay_s: float, memory_bytes: int = MEMORY, time_limit_s: int = TIME) -> Step:
    return Step(JobState.WAITING, kind, delay_s=delay_s, memory_bytes=memory_bytes, time_limit_s=time_limit_s)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (OutcomeKind.OK, Step(JobState.COMPLETE, OutcomeKind.OK)),
        (OutcomeKind.TOOL, Step(JobState.FAILED, OutcomeKind.TOOL)),
        (OutcomeKind.INTERNAL, Step(JobState.FAILED, OutcomeKind.INTERNAL)),
        (OutcomeKind.POISON, Step(JobState.FAILED, OutcomeKind.POISON)),
        (OutcomeKind.CANCELLED, Step(JobState.CANCELLED, OutcomeKind.CANCELLED)),
        (OutcomeKind.NODE_LOST, again(OutcomeKind.NODE_LOST, 0.0)),
        (OutcomeKind.NODE_STOPPED, again(OutcomeKind.NODE_STOPPED, 0.0)),
        (OutcomeKind.NODE_BROKEN, again(OutcomeKind.NODE_BROKEN, 5.0)),
        (OutcomeKind.DISK_FULL, again(OutcomeKind.DISK_FULL, 5.0)),
        (OutcomeKind.OUT_OF_MEMORY, again(OutcomeKind.OUT_OF_MEMORY, 5.0, 2 * MEMORY)),
        (OutcomeKind.TIME_LIMIT, again(OutcomeKind.TIME_LIMIT, 5.0, MEMORY, 2 * TIME)),
    ],
)
def test_each_kind_of_outcome_has_its_consequence(kind: OutcomeKind, expected: Step) -> None:
    assert step(kind) == expected


@pytest.mark.parametrize("kind", [kind for kind in OutcomeKind if kind != OutcomeKind.NODE_STOPPED])
def test_the_last_attempt_is_never_followed_by_another(kind: OutcomeKind) -> None:
    expected = {OutcomeKind.OK: JobState.COMPLETE, OutcomeKind.CANCELLED: JobState.CANCELLED}
    for earlier in (2, 3):
        found = step(kind, attempt=earlier + 1, earlier=earlier)
        assert found.state == expected.get(kind, JobState.FAILED)


def test_beyond_a_limit_of_the_sender_no_attempt_gets_more_time() -> None:
    why = "the limit is the sender's, so no attempt gets more time"
    expected = Step(JobState.FAILED, OutcomeKind.TIME_LIMIT, why)
    assert step(OutcomeKind.TIME_LIMIT, senders_limit=True) == expected


@pytest.mark.parametrize("kind", OutcomeKind)
def test_a_job_that_somebody_cancelled_is_complete_or_cancelled(kind: OutcomeKind) -> None:
    expected = JobState.COMPLETE if kind is OutcomeKind.OK else JobState.CANCELLED
    assert step(kind, cancel_requested=True).state == expected


def test_a_body_that_asks_is_run_again_however_often_nodes_failed() -> None:
    for earlier in (0, 7):
        found = step(OutcomeKind.RETRY, attempt=earlier + 1, earlier=earlier, asked=True)
        assert found == Step(JobState.WAITING, OutcomeKind.RETRY)


def test_a_body_is_not_run_again_if_nobody_says_how_or_no_attempt_is_left() -> None:
    assert step(OutcomeKind.RETRY).kind is OutcomeKind.INTERNAL
    last = step(OutcomeKind.RETRY, attempt=MOST_ATTEMPTS, asked=True)
    assert (last.state, last.why) == (JobState.FAILED, "no job has more than 9999 attempts")
    assert step(OutcomeKind.RETRY, attempt=MOST_ATTEMPTS - 1, asked=True).state is JobState.WAITING


def test_the_delay_doubles_with_each_attempt_up_to_the_longest() -> None:
    policy = read("[retry]\nattempts = 99\nlongest_delay_s = 30")
    delays = [step(OutcomeKind.DISK_FULL, policy, attempt=n + 1, earlier=n).delay_s for n in (0, 1, 2, 3, 90)]
    assert delays == [5, 10, 20, 30, 30]


@pytest.mark.parametrize("attempt", [1, 7, 5000])
def test_what_never_began_or_an_operator_stopped_is_never_final(attempt: int) -> None:
    assert step(OutcomeKind.NODE_LOST, begun=False, attempt=attempt).state is JobState.WAITING
    assert step(OutcomeKind.NODE_STOPPED, attempt=attempt, earlier=2).state is JobState.WAITING


def test_what_never_began_follows_at_once_a_few_times_and_then_ever_more_slowly() -> None:
    delays = [step(OutcomeKind.NODE_LOST, begun=False, attempt=n).delay_s for n in (1, 3, 4, 5, 50)]
    assert delays == [0, 0, 5, 10, 600]


def test_a_job_that_took_node_after_node_with_it_is_poison() -> None:
    policy = read("[retry]\nattempts = 9")
    assert step(OutcomeKind.NODE_LOST, policy, attempt=2, earlier=1, deaths=1).state is JobState.WAITING
    found = step(OutcomeKind.NODE_LOST, policy, attempt=3, earlier=2, deaths=2)
    assert (found.state, found.kind) == (JobState.FAILED, OutcomeKind.POISON)
    assert "3 attempts" in found.why


@pytest.mark.parametrize(
    ("peak", "largest", "wanted"),
    [
        (None, None, 2000),
        (900, 10_000, 2000),
        (4000, 10_000, 5000),  # it was seen to use more than the double
        (None, 1500, 1500),  # as much as the largest node has
        (4000, 3000, 3000),
    ],
)
def test_memory_grows_with_what_was_measured_up_to_the_largest_node(
    peak: int | None, largest: int | None, wanted: int
) -> None:
    found = step(OutcomeKind.OUT_OF_MEMORY, peak_memory_bytes=peak, largest_memory_bytes=largest)
    assert found.memory_bytes == wanted


def test_a_job_that_needs_more_than_the_largest_node_fails_at_once() -> None:
    found = step(OutcomeKind.OUT_OF_MEMORY, largest_memory_bytes=MEMORY)
    assert (found.state, found.kind) == (JobState.FAILED, OutcomeKind.OUT_OF_MEMORY)
    assert "no node has more" in found.why


def test_a_pipeline_may_have_rules_of_its_own() -> None:
    policy = read("[pipelines.QAssembly]\nretry = { attempts = 1 }")
    assert step(OutcomeKind.DISK_FULL, policy).state is JobState.FAILED
    assert step(OutcomeKind.DISK_FULL, policy, pipeline="nomenclature").state is JobState.WAITING
