"""(e) What was collected is sent: jobs and plain calls are written in the transaction of what they follow from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from celery.result import result_from_tuple
from celery.utils import uuid

from crobot_errors import BadInput
from crobot_tasks.broker.json_values import revive
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.calls.new_job import NewJob
from crobot_tasks.lifecycle.calls.sends import Send, Sends, at_once
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.lifecycle.sending import outbox
from crobot_tasks.lifecycle.sending.alike import Alike
from crobot_tasks.lifecycle.sending.check_call import new_job, unusable_job
from crobot_tasks.lifecycle.sending.refused import Refused, revoked
from crobot_tasks.lifecycle.sending.store_job import is_usual, store, store_each
from db.crobot import chords, messages
from db.crobot.parking import Parked
from db.engine import after_commit, tables_of

#: rows that one statement writes
SLICE = 1_000

#: a job, and why it cannot work, if so
Checked = tuple[NewJob, str]
#: task, args, kwargs, task id, options → the job
Check = Callable[[JobTask, Any, dict[str, Any], str, dict[str, Any]], NewJob]


def checked_jobs(sends: Sends) -> list[Checked]:
    """Check the jobs among what was sent, which may take long, and may look at files."""
    check = Alike().new_job
    jobs = [send for send in sends.calls if isinstance(app.tasks.get(send.name), JobTask)]
    return [_job_or_reason(check, *_call(send)) for send in jobs]


@dataclass
class JobsAtOnce(Sends):
    """Jobs that are checked as they are sent, since they are committed here and now: none has to be kept as JSON."""

    jobs: list[Checked] = field(default_factory=list)
    alike: Alike = field(default_factory=Alike)

    def __bool__(self) -> bool:
        """Whether anything was sent."""
        return bool(self.jobs) or super().__bool__()

    def add(self, name: str, args: Any, kwargs: Any, task_id: str, options: dict[str, Any]) -> None:
        """Check a job."""
        call = (app.tasks[name], args or (), kwargs or {}, task_id, options)
        self.jobs.append(_job_or_reason(self.alike.new_job, *call))


class Committed(NamedTuple):
    """What became of the jobs among what was sent."""

    #: of each, in order
    parked: list[Parked]
    #: those that never begin. The caller ends them in the same transaction: `finish.refuse`
    refused: list[Refused]


def commit(session: Any, sends: Sends, jobs: Iterable[Checked] | None = None) -> Committed:
    """Write what was sent, in the open transaction; plain calls are published after its commit.

    ``jobs`` are those among it, if somebody has checked them before.
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
        committed = _park(session, checked_jobs(sends) if jobs is None else jobs)
        for part in _parts(map(_message, plain_calls)):
            messages.add(session, part)
            after_commit(partial(outbox.publish, part))
    return committed


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
    check: Check, task: JobTask, args: Any, kwargs: dict[str, Any], task_id: str, options: dict[str, Any]
) -> Checked:
    """Return the job, and why it cannot work, if so."""
    try:
        return check(task, args, kwargs, task_id, options), ""
    except (BadInput, TypeError) as error:
        return unusable_job(task, task_id, options), str(error)


def _park(session: Any, jobs: Iterable[Checked]) -> Committed:
    parked, refused = committed = Committed([], [])
    for part in _parts(jobs):
        many = iter(store_each(session, [new for new, reason in part if _is_usual(new, reason)]))
        of_part = [next(many) if _is_usual(*one) else _store_one(session, one[0]) for one in part]
        refused.extend(_refused(session, part, of_part))
        parked.extend(of_part)
    return committed


def _is_usual(new: NewJob, reason: str) -> bool:
    return not reason and is_usual(new)


def _store_one(session: Any, new: NewJob) -> Parked:
    with tables_of(session, new.shared.database if new.shared.type else None):
        return store(new)


def _refused(session: Any, part: Sequence[Checked], parked: Sequence[Parked]) -> list[Refused]:
    """Return those that cannot work, and those that somebody had revoked before."""
    refused = []
    looked_for = []
    for (new, reason), one in zip(part, parked, strict=True):
        if not reason:
            looked_for += [new.own.task_id] if one.may_be_revoked or not one.created else []
        elif one.created:
            refused.append(Refused(one.job_id, reason, new.shared.database))
    return refused + (revoked(session, looked_for) if looked_for else [])


def _message(send: Send) -> dict[str, Any]:
    return {"id": uuid(), **vars(send)}


def _parts(rows: Iterable[Any]) -> Iterator[Sequence[Any]]:
    rows = iter(rows)
    while part := list(islice(rows, SLICE)):
        yield part
