"""Whether something is sent again, and why: pure rules over what is there and how it failed before; no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from crobot_tasks.router.maintenance import UpdateRule

#: kind of an end that is no failure of the job: its assembly did not pass the QA
QA = "QA"
#: the same: there is an assembly, which somebody does not want to be used
UNUSED = "unused"


@dataclass(frozen=True)
class Failure:
    """How the last job for the same thing, on the same data, went wrong."""

    #: an OutcomeKind, `QA` or `UNUSED`; empty: nobody knows any more
    kind: str
    #: of the pipeline
    version: str
    #: jobs that failed by this version
    times: int
    at: datetime | None


@dataclass(frozen=True)
class Candidate:
    """What an update may send."""

    #: barcode of a strain or an assembly
    key: str
    #: what is missing, or why what is there is not good enough
    lacks: str
    #: which job or batch has it in hand
    busy: str = ""
    failure: Failure | None = None


@dataclass(frozen=True)
class Decision:
    """Whether it is sent; ``why`` says so either way."""

    send: bool
    why: str


def decide(candidate: Candidate, rule: UpdateRule, current: str, now: datetime) -> Decision:
    """Decide whether a candidate is sent now; ``current`` is the version that would do it."""
    if candidate.busy:
        return Decision(False, candidate.busy)
    failure = candidate.failure
    if failure is None:
        return Decision(True, candidate.lacks)
    if failure.version and current and failure.version != current:
        return Decision(True, f"{_failed(failure)} with {failure.version}, current {current}")
    if failure.kind and failure.kind not in rule.try_again:
        return Decision(False, f"{_failed(failure)}: the same version is not tried again")
    return _next_try(failure, rule, now)


def _next_try(failure: Failure, rule: UpdateRule, now: datetime) -> Decision:
    if failure.times >= rule.tries:
        return Decision(False, f"{_failed(failure)}, all of {rule.tries} tries")
    this_try = f"{_failed(failure)}, try {failure.times + 1} of {rule.tries}"
    delay = timedelta(hours=rule.delay_after(failure.times))
    if failure.at is not None and now < failure.at + delay:
        return Decision(False, f"{this_try} comes later")
    return Decision(True, this_try)


def _failed(failure: Failure) -> str:
    if failure.kind == QA:
        return "failed QA"
    if failure.kind == UNUSED:
        return "its assembly is not in use"
    return f"failed: {failure.kind}" if failure.kind else "failed"
