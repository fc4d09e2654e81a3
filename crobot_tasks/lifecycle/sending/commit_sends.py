"""(e) What was collected is sent: jobs and plain calls are written in the transaction of what they follow from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any

from celery.result import result_from_tuple
from celery.utils import uuid

from crobot_errors import BadInput
from crobot_tasks.broker.json_values import revive
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.calls.caller import tell_sent
from crobot_tasks.lifecycle.calls.new_job import NewJob
from crobot_tasks.lifecycle.calls.sends import Send, Sends, at_once
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.lifecycle.sending import outbox
from crobot_tasks.lifecycle.sending.check_call import new_job, unusable_job
from crobot_tasks.lifecycle.sending.refused import Refused, revoked
from crobot_tasks.lifecycle.sending.store_job import store
from db.crobot import chords, messages, parking
from db.engine import after_commit, tables_of

#: rows that one statement writes
SLICE = 500

#: a job, and why it cannot work, if so
Checked = tuple[NewJob, str]


def checked_jobs(sends: Sends) -> list[Checked]:
    """Check the jobs among what was sent, which may take long, and may look at files."""
    return [
        _job_or_reason(*_call(send)) for send in sends.calls if isinstance(app.tasks.get(send.name), JobTask)
    ]


@dataclass
class JobsAtOnce(Sends):
    """Jobs that are checked as they are sent, since they are committed here and now: none has to be kept as JSON."""

    jobs: list[Checked] = field(default_factory=list)

    def add(self, name: str, args: Any, kwargs: Any, task_id: str, options: dict[str, Any]) -> None:
        """Check a job."""
        self.jobs.append(_job_or_reason(app.tasks[name], args or (), kwargs or {}, task_id, options))


def commit(session: Any, sends: Sends, jobs: Iterable[Checked] | None = None) -> list[Refused]:
    """Write what was sent, in the open transaction; plain calls are published after its commit.

    ``jobs`` are those among it, if somebody has checked them before.

    Returns:
        The jobs that never begin. The caller ends them in the same transaction: `finish.refuse`.
    """
    if (sends.chord_sizes or sends.chord_growth) and not hasattr(app.backend, "grow"):
        raise BadInput("a chord in a body needs its results in Redis or Valkey: set CROBOT_RESULT_BACKEND")
    with at_once():
        # The store comes before the commit: a member of a chord may end as soon as it is sent.
        for group_id, size in sends.chord_sizes.items():
            app.backend.set_chord_size(group_id, size)
        for group_id, results in sends.groups.items():
            app.backend.save_group(group_id, result_from_tuple(results, app))
        for group_id, more in sends.chord_growth.items():
            chords.grow(session, group_id, more)
        plain_calls = [send for send in sends.calls if not isinstance(app.tasks.get(send.name), JobTask)]
        refused = _park(session, checked_jobs(sends) if jobs is None else jobs)
        for part in _parts(map(_message, plain_calls)):
            messages.add(session, part)
            after_commit(partial(outbox.publish, part))
    return refused


def checked_job(send: Send) -> NewJob:
    """Check a job that was collected, which may look at files.

    Raises:
        BadInput, TypeError: it cannot work.
    """
    return new_job(*_call(send))


def _call(send: Send) -> tuple[JobTask, Any, dict[str, Any], str, dict[str, Any]]:
    args, kwargs, options = revive([send.args, send.kwargs, send.options])
    return app.tasks[send.name], args, kwargs, send.task_id, options


def _job_or_reason(
    task: JobTask, args: Any, kwargs: dict[str, Any], task_id: str, options: dict[str, Any]
) -> Checked:
    """Return the job, and why it cannot work, if so."""
    try:
        return new_job(task, args, kwargs, task_id, options), ""
    except (BadInput, TypeError) as error:
        return unusable_job(task, task_id, options), str(error)


def _park(session: Any, jobs: Iterable[Checked]) -> list[Refused]:
    refused: list[Refused] = []
    for part in _parts(jobs):
        alike = [new for new, reason in part if not reason and _is_plain(new)]
        if alike:
            parking.park_each(session, [new.columns() for new in alike])
            after_commit(partial(_tell_sent, alike))
        for new, reason in part:
            if reason or not _is_plain(new):
                with tables_of(session, new.database if new.type else None):
                    parked = store(new)
                if reason and parked.created:
                    refused.append(Refused(parked.job_id, reason, new.database))
        refused += revoked(session, [new.owed.task_id for new, reason in part if not reason])
    return refused


def _is_plain(new: NewJob) -> bool:
    """Whether nothing else is to be noted of a new job, and no other is like it."""
    return not new.type and new.unique_key is None


def _tell_sent(jobs: Iterable[NewJob]) -> None:
    for new in jobs:
        if new.message:
            tell_sent(new.pipeline, new.message)


def _message(send: Send) -> dict[str, Any]:
    return {"id": uuid(), **vars(send)}


def _parts(rows: Iterable[Any]) -> Iterator[Sequence[Any]]:
    rows = iter(rows)
    while part := list(islice(rows, SLICE)):
        yield part
