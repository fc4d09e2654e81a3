"""(c) One attempt in a process of the node: begun once, run, and never the end of the worker."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from celery.exceptions import Ignore, Reject, Retry, SoftTimeLimitExceeded

import celeryconfig
from crobot_errors import (
    AttemptError,
    InternalError,
    NodeBroken,
    NodeError,
    NodeStopped,
    OutcomeKind,
    OutOfMemory,
    TimeLimit,
    described,
    text_of,
)
from crobot_tasks.broker.exceptions import exception_json
from crobot_tasks.broker.formats import ATTEMPT_ID, MESSAGE_FORMAT
from crobot_tasks.broker.progress import checked_progress
from crobot_tasks.node.body import run_body
from crobot_tasks.node.callers_request import callers_request
from crobot_tasks.node.carried_errors import carried
from crobot_tasks.node.local_data import LocalData
from crobot_tasks.node.spool import Spool
from crobot_tasks.node.told_progress import ToldProgress
from workers.attempt import Attempt
from workers.job import JobInput, Resources

#: within this time all processes of a node hear that it is to stop
STOP_HEARD_S = 0.3


class CalculationNode:
    """What tasks find as ``app.node``: it runs their bodies, each attempt once."""

    def __init__(self, spool: Spool, local_data: LocalData) -> None:
        self.spool, self.local_data = spool, local_data
        self.progress = ToldProgress(spool.state_dir)

    def run(self, task: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Run the task's body.

        Raises:
            Ignore: this attempt was begun before; its message came twice.
        """
        if not ATTEMPT_ID.fullmatch(task.request.id):
            raise Ignore(f"{task.request.id} is no attempt: only the head sends to nodes")
        if not self.spool.begin(task.request.id):
            raise Ignore(f"attempt {task.request.id} was begun before")
        header = _header(task.request)
        self.local_data.note(header.get("data", []))
        try:
            with callers_request(task, header):
                result, continuation = run_body(task, args, kwargs)
            self.local_data.note(_outputs(result))
        # Whatever comes ends its job as itself, and never the process with all that is left to do.
        except BaseException as error:
            ending = carried(self._ending(task, error))
            if ending is error:
                raise
            raise ending from error
        # The signal that tells of the end comes with this request.
        task.request.update(continuation=continuation)
        if continuation.replacement:
            raise Ignore("another task takes its place")
        if isinstance(result, Retry):
            raise result
        return result

    def _ending(self, task: Any, error: BaseException) -> BaseException:
        """Return what an exception of a body means for its job."""
        match error:
            case MemoryError():
                return OutOfMemory(f"{task.name} ran out of memory: {text_of(error)}")
            case AttemptError(__cause__=SoftTimeLimitExceeded() as limit):
                return TimeLimit(f"{task.name} ran beyond its time limit", **_of_limit(task, limit, error))
            case AttemptError():
                return self._stopped(error)
            case SystemExit():
                return self._stopped(_exit(task, error))
            case Reject(reason=BaseException()):
                return InternalError(
                    f"{task.name} asked to be run again, which cannot be: {described(error.reason)}"
                )
            case Ignore() | Reject() | Retry():
                # Celery would say nothing of it, and the job would run for ever.
                return InternalError(
                    f"{task.name} raised {type(error).__name__}, which a job cannot: return, raise another exception, "
                    "or call self.retry(…) or self.replace(…)"
                )
            case _:
                return error

    def tell(self, request: Any, state: str | None, meta: Any) -> None:
        """Tell the heads how far the attempt is; the last word counts.

        Raises:
            BadInput: it is not what a body may say.
        """
        progress = checked_progress(state, meta)
        with suppress(OSError):  # a full disk is told of by what the job itself writes
            self.progress.tell(request.attempt_id, progress)

    def attempt(self, request: Any, job: JobInput) -> Attempt:
        """Return the attempt that a message asks for."""
        header = _header(request)
        return Attempt(
            job_id=request.job_id,
            number=request.attempt,
            job=job,
            resources=Resources(
                header["cores"], header["memory_bytes"], header["disk_bytes"], header["time_s"]
            ),
            storage=Path(celeryconfig.crobot_storage),
            storage_mark=header.get("storage_mark", ""),
            roots=[Path(root) for root in celeryconfig.crobot_roots],
            state_dir=self.spool.state_dir,
            archive_url=celeryconfig.crobot_archive_url,
            cache_bytes=celeryconfig.crobot_cache_bytes,
            archive_report_url=celeryconfig.crobot_archive_report_url,
            hear=lambda told: self.tell(request, None, told),
        )

    def _stopped(self, error: AttemptError) -> AttemptError:
        """Say that an attempt was lost because somebody stopped the node, if that is so."""
        if error.kind is OutcomeKind.NODE_LOST and self.spool.is_stopping(STOP_HEARD_S):
            return NodeStopped(f"the node was stopped: {error.message}", **error.details)
        return error


def _of_limit(task: Any, limit: SoftTimeLimitExceeded, error: AttemptError) -> dict[str, Any]:
    """Return what is known of an attempt that was interrupted; of the sender's own limit the exception is told, too."""
    caller = _header(task.request).get("caller", {})
    if not any(caller.get("timelimit", [])[1:]):
        return error.details
    return error.details | {"exception": exception_json(limit)}


def _outputs(result: Any) -> list[str]:
    """The files that a pipeline made, as its report names them."""
    outputs = result.get("outputs") if isinstance(result, dict) else None
    return (
        [value for value in outputs.values() if isinstance(value, str)] if isinstance(outputs, dict) else []
    )


def _exit(task: Any, error: SystemExit) -> AttemptError:
    """Say what a SystemExit means, which would look like a lost process."""
    if isinstance(error.code, int) and error.code < 0:  # what billiard makes of a signal
        return NodeError(f"{task.name} was stopped by a signal")
    return InternalError(f"{task.name} called sys.exit({error.code!r})")


def _header(request: Any) -> dict[str, Any]:
    """Return what the head says of this attempt.

    Raises:
        NodeBroken: the message's format is newer than this node.
    """
    header: dict[str, Any] = request.get("crobot") or {}
    if header.get("format") != MESSAGE_FORMAT:
        raise NodeBroken(
            f"message format {header.get('format')!r} is not {MESSAGE_FORMAT}: node and head differ; upgrade the node"
        )
    return header
