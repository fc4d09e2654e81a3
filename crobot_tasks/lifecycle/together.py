"""(a) Many jobs sent together: a few statements for all of them, where each by itself is a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from crobot_errors import CommitLost
from crobot_tasks.celery import app
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.calls.job_result import JobResult
from crobot_tasks.lifecycle.calls.new_job import NewJob
from crobot_tasks.lifecycle.calls.sends import Sends, collected, collecting
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.lifecycle.sending.check_call import new_job
from crobot_tasks.lifecycle.sending.commit_sends import commit
from db.crobot import jobs
from db.engine import retrying, transaction


@dataclass
class _Together(Sends):
    """What was called in the block: jobs, each checked as it was called, and plain tasks."""

    jobs: list[NewJob] = field(default_factory=list)
    results: list[JobResult] = field(default_factory=list)
    #: those that a group waits for
    awaited: list[JobResult] = field(default_factory=list)

    def add(self, name: str, args: Any, kwargs: Any, task_id: str, options: dict[str, Any]) -> None:
        task = app.tasks.get(name)
        if isinstance(task, JobTask):
            self.jobs.append(new_job(task, args or (), kwargs or {}, task_id, options))
        else:
            super().add(name, args, kwargs, task_id, options)

    def note(self, result: Any) -> Any:
        self.results.append(result)
        return result

    def wait_for(self, result: Any) -> None:
        self.awaited.append(result)


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
    found = _surely(sends)
    for new, result in zip(sends.jobs, sends.results, strict=True):
        sent = found[new.owed.settlement_id]
        result.job_id, result.joined, result.ignored = sent.job_id, sent.joined, new.owed.ignore_result
    for result in sends.awaited:
        if not result.ignored:
            result.backend.add_pending_result(result, weak=True)


def _surely(sends: _Together) -> dict[str, Any]:
    """Send it, and if the answer to the commit is lost, again unless it is there; only jobs tell."""
    try:
        return retrying(lambda: _send(sends))
    except CommitLost:
        if not sends.jobs:
            raise
    return retrying(lambda: _found(sends) or _send(sends))


def _send(sends: _Together) -> dict[str, Any]:
    with transaction() as session:
        finish.refuse(session, commit(session, sends, [(new, "") for new in sends.jobs]))
        return jobs.of_sends(session, _ids(sends))


def _found(sends: _Together) -> dict[str, Any]:
    with transaction() as session:
        return jobs.of_sends(session, _ids(sends))


def _ids(sends: _Together) -> list[str]:
    return [new.owed.settlement_id for new in sends.jobs]
