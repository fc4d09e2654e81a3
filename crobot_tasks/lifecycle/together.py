"""(a) Many jobs sent together: a few statements for all of them, where each by itself is a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crobot_errors import CommitLost
from crobot_tasks.celery import app
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.calls.job_result import JobResult
from crobot_tasks.lifecycle.calls.new_job import NewJob
from crobot_tasks.lifecycle.calls.sends import Sends, collected, collecting
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.lifecycle.sending.alike import Alike
from crobot_tasks.lifecycle.sending.commit_sends import Checked, commit
from db.crobot import jobs
from db.engine import retrying, transaction


@dataclass
class _Together(Sends):
    """What was called in the block: jobs, each checked as it was called, and plain tasks."""

    jobs: list[NewJob] = field(default_factory=list)
    results: list[JobResult] = field(default_factory=list)
    alike: Alike = field(default_factory=Alike)
    #: those that a group waits for
    awaited: list[JobResult] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything was sent."""
        return bool(self.jobs) or super().__bool__()

    def add(self, name: str, args: Any, kwargs: Any, task_id: str, options: dict[str, Any]) -> None:
        task = app.tasks.get(name)
        if isinstance(task, JobTask):
            self.jobs.append(self.alike.new_job(task, args or (), kwargs or {}, task_id, options))
        else:
            super().add(name, args, kwargs, task_id, options)

    def note(self, result: Any) -> Any:
        self.results.append(result)
        return result

    def wait_for(self, result: Any) -> None:
        self.awaited.append(result)


class Sent(NamedTuple):
    """What became of a job that was sent beside others."""

    job_id: int
    #: whether another send had made it
    joined: bool


def send_all(session: Any, sends: Sends, jobs: Sequence[Checked]) -> list[Sent]:
    """Send what was collected, in the open transaction; returns what became of each of the jobs, in order."""
    parked, refused = commit(session, sends, jobs)
    finish.refuse(session, refused)
    if refused:  # one that had joined another may have a job of its own now
        return _sent(session, [new for new, _ in jobs])
    return [Sent(one.job_id, not one.created) for one in parked]


def _sent(session: Any, new: Sequence[NewJob]) -> list[Sent]:
    """Return what became of jobs, in order; of those that are stored."""
    ids = [one.own.settlement_id for one in new]
    found = jobs.of_sends(session, ids)
    return [Sent(found[one].job_id, found[one].joined) for one in ids if one in found]


@contextmanager
def together() -> Iterator[None]:
    """Send what is called in the block when that ends: all of it, or, if anything raises, nothing.

    Jobs, groups, chains and chords are called as ever, and so are plain tasks. A call that cannot work raises where it
    stands. Their results have no job before the end. In an open transaction, all is sent when that is committed; in
    another such block, or in the body of a task whose sends are collected, with that.

    Raises:
        DatabaseUnreachable: the database does not answer; nothing was stored.
        CommitLost: it is not known whether all was stored, or nothing.
    """
    if collected() is not None:
        yield
        return
    sends = _Together()
    with collecting(sends):
        yield
    if not sends:
        return
    for new, result, sent in zip(sends.jobs, sends.results, _surely(sends), strict=True):
        result.job_id, result.joined, result.ignored = sent.job_id, sent.joined, new.shared.ignore_result
    for result in sends.awaited:
        if not result.ignored:
            result.backend.add_pending_result(result, weak=True)


def _surely(sends: _Together) -> Sequence[Sent]:
    """Send it, and if the answer to the commit is lost, again unless it is there; only jobs tell."""
    try:
        return retrying(lambda: _send(sends))
    except CommitLost:
        if not sends.jobs:
            raise
    return retrying(lambda: _found(sends) or _send(sends))


def _send(sends: _Together) -> Sequence[Sent]:
    with transaction() as session:
        return send_all(session, sends, [(new, "") for new in sends.jobs])


def _found(sends: _Together) -> Sequence[Sent]:
    with transaction() as session:
        return _sent(session, sends.jobs)
