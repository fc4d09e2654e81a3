"""Sending jobs that are over again: new jobs like the old ones, but for what is to be different."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput, CRobotError, ServiceError, UnknownJob, UnknownVersion
from crobot_tasks.broker.json_values import revive
from crobot_tasks.jobs.base import OF_ONE_SEND, CRobotJob
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.lifecycle.job_types import job_class
from crobot_tasks.tasks import PipelineTask, job_task
from db.crobot import LIVE, jobs
from db.engine import in_savepoint, retrying, tables_of, transaction


@dataclass(frozen=True)
class Changes:
    """What is to be different from the old job; None is as it was."""

    #: pipeline parameters, or keyword arguments of a plain task; None takes one away
    params: Mapping[str, Any] = field(default_factory=dict)
    priority: int | None = None
    #: of the pipeline; empty: the current one
    version: str | None = None
    #: what an attempt gets, whatever the pipeline says of it
    cores: int | None = None
    memory_bytes: int | None = None
    time_limit_s: int | None = None

    def chosen(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the sender chooses of an attempt's resources, given what the old job's did."""
        now = {"cores": self.cores, "memory_bytes": self.memory_bytes, "time_s": self.time_limit_s}
        return {**before, **{name: value for name, value in now.items() if value is not None}}


@dataclass(frozen=True)
class Resent:
    """What became of a resend."""

    job_id: int
    #: a job for the same thing was live already: nothing new was sent, this is its number
    joined: bool


AS_BEFORE = Changes()


def resend(job_id: int, changes: Changes = AS_BEFORE) -> Resent:
    """Send a job that is over again; the new one's context names it as ``resent_from``.

    What an attempt gets is computed anew, unless it was chosen by the sender, then or now.

    Raises:
        UnknownJob: no job has this number.
        BadInput: it is live, or cannot work like this; nothing was stored.
    """
    with transaction() as session:
        row = jobs.find(session, job_id)
    if row is None:
        raise UnknownJob(f"there is no job {job_id}; `crobot jobs` lists them")
    if row.state in LIVE:
        raise BadInput(
            f"job {job_id} is {row.state}: only a job that is over is sent again. "
            f"Cancel it first (`crobot cancel {job_id}`), or wait (`crobot wait {job_id}`)"
        )
    return retrying(lambda: _typed(row, changes) if row.type else _plain(row, changes))


def resend_each(
    job_ids: Iterable[int], changes: Changes = AS_BEFORE
) -> Iterator[tuple[int, Resent | CRobotError]]:
    """Send each again, and say what became of it: the error of one does not stop the others.

    Raises:
        ServiceError: a server is away; the jobs before were sent.
    """
    for job_id in job_ids:
        try:
            yield job_id, resend(job_id, changes)
        except ServiceError:
            raise
        except CRobotError as error:
            yield job_id, error


def resend_within(session: Any, job_id: int, changes: Changes = AS_BEFORE) -> Resent | CRobotError:
    """Send a job again in the transaction that is open; of one that cannot be sent nothing is left, and it goes on.

    Raises:
        ServiceError: a server is away.
    """
    sent: list[Resent] = []
    with tables_of(session, jobs.databases(session, [job_id]).get(job_id)):
        error = in_savepoint(session, lambda: sent.append(resend(job_id, changes)))
    if isinstance(error, CRobotError) and not isinstance(error, ServiceError):
        return error
    if error is not None:
        raise error
    return sent[0]


def _typed(row: Any, changes: Changes) -> Resent:
    """Send through the job class, which writes what belongs to a new job."""
    job = cast(CRobotJob, job_class(row.type, row.pipeline).from_row(row)).again()
    if own := sorted(job.own_params & changes.params.keys()):
        raise BadInput(f"{type(job).__name__} decides {', '.join(own)} itself: send a new job instead")
    job.params = _changed(job.params, changes.params)
    job.context |= {"resent_from": row.id}
    job.chosen = changes.chosen(job.chosen)
    if changes.priority is not None:
        job.priority = changes.priority
    if changes.version is not None:
        job.version = changes.version
    return Resent(job.send_job(again=True), job.joined)


def _plain(row: Any, changes: Changes) -> Resent:
    """Send a call with the same arguments."""
    task = job_task(row.pipeline)
    args, before = revive(row.args), revive(row.kwargs)
    kwargs = _changed_call(task, before, changes)
    chosen = changes.chosen(row.context.get("chosen", {}))
    context = {name: value for name, value in row.context.items() if name not in OF_ONE_SEND}
    details = {name: getattr(row, name) for name in ("tag", "database", "user_id", "workgroup", "batch")} | {
        # with other arguments it is not the same thing
        "unique_key": (row.unique_key or "") if kwargs == before else "",
        "context": context | {"resent_from": row.id},
        "cores": chosen.get("cores"),
        "memory_bytes": chosen.get("memory_bytes"),
    }
    priority = row.priority if changes.priority is None else changes.priority
    limits = {"time_limit": chosen.get("time_s"), "soft_time_limit": chosen.get("soft_s")}
    sent = _apply(task, args, kwargs, job=details, priority=priority, ignore_result=True, **limits)
    return Resent(sent.job_id, sent.joined)


def _apply(task: JobTask, args: Any, kwargs: dict[str, Any], **options: Any) -> Any:
    try:
        return task.apply_async(args, kwargs, **options)
    except TypeError as error:  # Celery's check of a call against the function
        raise BadInput(f"{task.name} cannot be called like this: {error}") from error


def _changed_call(task: JobTask, kwargs: dict[str, Any], changes: Changes) -> dict[str, Any]:
    if isinstance(task, PipelineTask):
        params = _changed(kwargs.get("params") or {}, changes.params)
        version = kwargs.get("version", "") if changes.version is None else changes.version
        given = {name: value for name, value in {"params": params, "version": version}.items() if value}
        return {name: value for name, value in kwargs.items() if name not in ("params", "version")} | given
    if changes.version not in (None, "", task.version):
        raise UnknownVersion(f"{task.name} {changes.version} is not known; current is {task.version!r}")
    return _changed(kwargs, changes.params)


def _changed(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the old values with the new ones; None takes one away."""
    return {
        name: value
        for name, value in {**before, **changes}.items()
        if value is not None or name not in changes
    }
