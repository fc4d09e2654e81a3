"""(g) What follows from the way an attempt ended: pure rules, no database."""

from __future__ import annotations

from dataclasses import dataclass

from crobot_errors import TRIED_AGAIN, OutcomeKind
from crobot_tasks.broker.formats import MOST_ATTEMPTS
from crobot_tasks.router.policy import Policy, Retry
from db.crobot import JobState

#: room above the peak that was measured when memory ran out
HEADROOM = 1.25
#: attempts that were nobody's fault follow each other at once this often, then ever more slowly
AT_ONCE = 3


@dataclass(frozen=True)
class Trial:
    """An attempt that ended, and what came before it."""

    kind: OutcomeKind
    pipeline: str
    #: its number, from 1
    attempt: int
    #: whether the node had begun it
    begun: bool
    #: earlier attempts that were begun, and not ended by an operator
    earlier: int
    #: earlier attempts that began, and whose process or node was lost
    deaths: int
    memory_bytes: int
    time_limit_s: int
    #: what the tools were seen to use; None if nobody measured
    peak_memory_bytes: int | None = None
    #: memory of the largest node; None if there is none
    largest_memory_bytes: int | None = None
    cancel_requested: bool = False
    #: it ran beyond a limit that the sender set
    senders_limit: bool = False
    #: its body asked to be run again, and said how
    asked: bool = False


@dataclass(frozen=True)
class Step:
    """A job's next state; WAITING means that it is tried again after ``delay_s``, with these limits."""

    state: JobState
    kind: OutcomeKind
    #: why it is final although it might be tried again
    why: str = ""
    delay_s: float = 0.0
    memory_bytes: int = 0
    time_limit_s: int = 0


def next_step(trial: Trial, policy: Policy) -> Step:
    """Decide what becomes of a job after this attempt."""
    if trial.kind is OutcomeKind.OK:
        return Step(JobState.COMPLETE, trial.kind)
    if trial.kind is OutcomeKind.CANCELLED or trial.cancel_requested:
        return Step(JobState.CANCELLED, trial.kind)
    if trial.kind is OutcomeKind.RETRY:
        return _asked(trial)
    if trial.kind not in TRIED_AGAIN:
        return Step(JobState.FAILED, trial.kind)
    if trial.senders_limit:
        return Step(JobState.FAILED, trial.kind, "the limit is the sender's, so no attempt gets more time")
    retry = policy.retry_of(trial.pipeline)
    if not trial.begun or trial.kind is OutcomeKind.NODE_STOPPED:
        return _again(trial, retry, trial.attempt - AT_ONCE)
    return _final(trial, policy, retry) or _again(trial, retry, _tries(trial))


def _asked(trial: Trial) -> Step:
    """Run the body again as it asked: when, and how often, Celery has decided on the node."""
    if not trial.asked:
        return Step(
            JobState.FAILED, OutcomeKind.INTERNAL, "its report does not say how it is to be run again"
        )
    if trial.attempt >= MOST_ATTEMPTS:
        return Step(JobState.FAILED, trial.kind, f"no job has more than {MOST_ATTEMPTS} attempts")
    return Step(JobState.WAITING, trial.kind)


def _tries(trial: Trial) -> int:
    return trial.earlier + 1


def _final(trial: Trial, policy: Policy, retry: Retry) -> Step | None:
    """Return the end of a job that is not tried again."""
    if trial.kind is OutcomeKind.NODE_LOST and trial.deaths + 1 >= policy.poison_after:
        why = f"each of {trial.deaths + 1} attempts took its process or its node with it"
        return Step(JobState.FAILED, OutcomeKind.POISON, why)
    if _tries(trial) >= retry.attempts:
        why = "" if retry.attempts == 1 else f"the last of {retry.attempts} attempts"
        return Step(JobState.FAILED, trial.kind, why)
    largest = trial.largest_memory_bytes
    if trial.kind is OutcomeKind.OUT_OF_MEMORY and largest is not None and trial.memory_bytes >= largest:
        why = f"no node has more than {largest / 1024**3:.1f} GiB"
        return Step(JobState.FAILED, trial.kind, why)
    return None


def _again(trial: Trial, retry: Retry, tries: int) -> Step:
    return Step(
        JobState.WAITING,
        trial.kind,
        delay_s=_delay_s(trial, retry, tries),
        memory_bytes=_memory_bytes(trial, retry),
        time_limit_s=_time_limit_s(trial, retry),
    )


def _delay_s(trial: Trial, retry: Retry, tries: int) -> float:
    # A lost node is no reason to wait: the job is just placed on another one.
    at_once = trial.kind is OutcomeKind.NODE_LOST and trial.begun
    if at_once or tries < 1:
        return 0.0
    # beyond 2^30 any delay is the longest
    return float(min(retry.delay_s * 2 ** min(tries - 1, 30), retry.longest_delay_s))


def _memory_bytes(trial: Trial, retry: Retry) -> int:
    if trial.kind is not OutcomeKind.OUT_OF_MEMORY:
        return trial.memory_bytes
    wanted = max(trial.memory_bytes * retry.memory_growth, (trial.peak_memory_bytes or 0) * HEADROOM)
    return int(min(wanted, trial.largest_memory_bytes or wanted))


def _time_limit_s(trial: Trial, retry: Retry) -> int:
    growth = retry.time_growth if trial.kind is OutcomeKind.TIME_LIMIT else 1
    return int(trial.time_limit_s * growth)
