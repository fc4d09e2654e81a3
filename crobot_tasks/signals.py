"""(d) Celery's completion signals on a node → reports in its spool; nothing slow: some run in the event loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded, WorkerLostError
from celery import signals

from crobot_errors import AttemptError, OutcomeKind
from crobot_tasks.celery import app
from crobot_tasks.parking import JobTask
from crobot_tasks.plain import plain, storable
from crobot_tasks.spool import ATTEMPT_ID, Spool
from workers.process import die_with_parent
from workers.storage import output_dir

#: what Celery itself says of an attempt, as kinds
_KINDS: dict[type[BaseException], OutcomeKind] = {
    SoftTimeLimitExceeded: OutcomeKind.TIME_LIMIT,
    TimeLimitExceeded: OutcomeKind.TIME_LIMIT,
    WorkerLostError: OutcomeKind.NODE_LOST,
}
_MESSAGES = {
    SoftTimeLimitExceeded: "the pipeline ran beyond its time limit",
    TimeLimitExceeded: "the pipeline ran beyond its time limit and had to be killed",
    WorkerLostError: "the process that ran the attempt was killed",
}


def connect() -> None:
    """Make this worker write reports."""
    signals.worker_process_init.connect(on_fork)
    signals.task_success.connect(on_success)
    signals.task_failure.connect(on_failure)
    signals.task_revoked.connect(on_revoked)


def on_fork(**_: Any) -> None:
    """In the child: end with the parent, whose courier would carry the reports."""
    die_with_parent()


def on_success(sender: Any, result: Any, **_: Any) -> None:
    """In the child: the task returned."""
    if not isinstance(sender, JobTask):
        return
    try:
        value = plain(result, f"the result of {sender.name}")
        body = {"outcome": OutcomeKind.OK, "result": value, "usage": _usage(value)}
    except ValueError as error:
        body = _failed(sender, error)
    _report(sender, sender.request.id, body)


def on_failure(sender: Any, task_id: str, exception: BaseException, **_: Any) -> None:
    """In the child: the task raised; or in the parent: the child is gone, or was killed at the hard limit."""
    if not isinstance(sender, JobTask):
        return
    body = _failed(sender, exception)
    if isinstance(exception, WorkerLostError):
        body |= app.courier.lost(message(exception))
    _report(sender, task_id, body)


def on_revoked(sender: Any, request: Any, expired: bool = False, **_: Any) -> None:
    """In the parent: somebody cancelled the attempt, waiting or running."""
    if isinstance(sender, JobTask):
        _report(
            sender,
            request.id,
            {"outcome": OutcomeKind.CANCELLED, "message": "expired" if expired else "cancelled"},
        )


def _usage(value: Any) -> Any:
    return value.get("usage") if isinstance(value, dict) else None


def _failed(task: JobTask, error: BaseException) -> dict[str, Any]:
    details = error.details if isinstance(error, AttemptError) else {}
    return {
        "outcome": error.kind
        if isinstance(error, AttemptError)
        else _KINDS.get(type(error), OutcomeKind.INTERNAL),
        "message": storable(message(error)),
        "result": storable(task.backend.prepare_exception(error, "json")),
        "usage": storable(details.get("usage")),
    }


def message(error: BaseException) -> str:
    """Return one line for a person."""
    if isinstance(error, AttemptError):
        return error.message
    return _MESSAGES.get(type(error)) or f"{type(error).__name__}: {error}"


def _report(task: JobTask, attempt_id: str, body: dict[str, Any]) -> None:
    spool: Spool | None = app.spool
    if spool is not None and ATTEMPT_ID.fullmatch(attempt_id):
        job_id, number = map(int, attempt_id.split("."))
        location = output_dir(Path(app.conf.crobot_storage), job_id, number)
        if location.is_dir():
            body["output_location"] = str(location)
        spool.end(attempt_id, body, precious=spool.worth(attempt_id))
