"""(d) Celery's completion signals on a node → reports in its spool; nothing slow: some run in the event loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded, WorkerLostError
from celery import signals, states
from celery.result import ResultBase

import celeryconfig
from crobot_errors import AttemptError, BadInput, OutcomeKind, described, text_of
from crobot_tasks.broker.exceptions import exception_json
from crobot_tasks.broker.formats import ATTEMPT_ID, TRACEBACK_CHARACTERS, attempt_key
from crobot_tasks.broker.json_values import plain, storable
from crobot_tasks.lifecycle.finishing.continuation import Continuation, to_json
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.lifecycle.storage.access import StorageStalls, reading
from crobot_tasks.logs import facts
from crobot_tasks.node.carried_errors import usage_of
from crobot_tasks.node.courier import Courier
from crobot_tasks.node.result_file import bounded
from crobot_tasks.node.spool import Spool
from workers.process import die_with_parent
from workers.storage import output_dir

#: so long a report may wait for the storage
LOOK_S = 1.0
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


class CompletionSignals:
    """The receivers of a node's worker, and of the processes that it forks."""

    def __init__(self, spool: Spool, courier: Courier) -> None:
        self.spool, self.courier = spool, courier

    def connect(self) -> None:
        """Make this worker write reports."""
        # Celery would forget a bound method at once if it held it weakly
        signals.worker_process_init.connect(self.on_fork, weak=False)
        signals.worker_shutting_down.connect(self.on_stopping, weak=False)
        signals.task_prerun.connect(self.on_prerun, weak=False)
        signals.task_success.connect(self.on_success, weak=False)
        signals.task_retry.connect(self.on_retry, weak=False)
        signals.task_postrun.connect(self.on_postrun, weak=False)
        signals.task_failure.connect(self.on_failure, weak=False)
        signals.task_revoked.connect(self.on_revoked, weak=False)

    def on_fork(self, **_: Any) -> None:
        """In the child: end with the parent, whose courier would carry the reports."""
        die_with_parent()

    def on_stopping(self, **_: Any) -> None:
        """In the parent, in a signal handler: somebody told the node to stop."""
        self.spool.stop()

    def on_prerun(self, sender: Any, task_id: str, **_: Any) -> None:
        """In the child: lines of the log are about this attempt, until it has ended."""
        if isinstance(sender, JobTask) and ATTEMPT_ID.fullmatch(task_id):
            job_id, number = attempt_key(task_id)
            trace = (sender.request.get("crobot") or {}).get("traceparent")
            facts.begin(job=job_id, attempt=number, traceparent=trace)

    def on_success(self, sender: Any, result: Any, **_: Any) -> None:
        """In the child: the task returned."""
        if isinstance(sender, JobTask):
            self._returned(sender, OutcomeKind.OK, result)

    def on_postrun(self, sender: Any, state: str, **_: Any) -> None:
        """In the child: the task ended; one that was replaced is none of Celery's successes or failures."""
        if isinstance(sender, JobTask) and state == states.IGNORED and _continuation(sender).replacement:
            self._returned(sender, OutcomeKind.OK, None)
        facts.begin()

    def on_retry(self, sender: Any, reason: Any, **_: Any) -> None:
        """In the child: the task asked to be run again."""
        if isinstance(sender, JobTask):
            error = exception_json(reason.exc) if reason.exc else None
            self._returned(sender, OutcomeKind.RETRY, error, storable(text_of(reason)))

    def _returned(self, task: Any, outcome: OutcomeKind, result: Any, message: str | None = None) -> None:
        try:
            value = plain(_storable(result), f"the result of {task.name}")
            said = {"outcome": outcome, "message": message, "usage": usage_of(value)}
            body = said | self._result(task.request.id, value, _continuation(task))
        except (BadInput, AttemptError) as error:
            body = _failed(error)
        self._report(task.request.id, body)

    def on_failure(
        self, sender: Any, task_id: str, exception: BaseException, einfo: Any = None, **_: Any
    ) -> None:
        """In the child: the task raised; or in the parent: the child is gone, or was killed at the hard limit."""
        if not isinstance(sender, JobTask):
            return
        body = _failed(exception) | {"traceback": _traceback(einfo)}
        if isinstance(exception, WorkerLostError):
            body |= self.courier.orphans.lost(message(exception))
        self._report(task_id, body)

    def on_revoked(self, sender: Any, request: Any, expired: bool = False, **_: Any) -> None:
        """In the parent: somebody cancelled the attempt, waiting or running."""
        if isinstance(sender, JobTask):
            why = "expired" if expired else "cancelled"
            self._report(request.id, {"outcome": OutcomeKind.CANCELLED, "message": why})

    def _result(self, attempt_id: str, value: Any, continuation: Continuation) -> dict[str, Any]:
        root = Path(celeryconfig.crobot_storage)
        said = plain(to_json(continuation), "what it sends") if continuation else None
        return bounded(value, root, output_dir(root, *attempt_key(attempt_id)), said)

    def _report(self, attempt_id: str, body: dict[str, Any]) -> None:
        if not ATTEMPT_ID.fullmatch(attempt_id):
            return
        location = output_dir(Path(celeryconfig.crobot_storage), *attempt_key(attempt_id))
        if _has_output(location):
            body["output_location"] = str(location)
        self.spool.end(attempt_id, body, must_fsync=self.spool.must_fsync(attempt_id))


def _has_output(location: Path) -> bool:
    """Whether the attempt has a folder, or may have one: in the event loop nobody waits for a storage that hangs."""
    try:
        return reading(location.is_dir, LOOK_S)
    except StorageStalls:
        return True


def _storable(result: Any) -> Any:
    """Return what Celery's backends store: of the result of another task, its ids."""
    return result.as_tuple() if isinstance(result, ResultBase) else result


def _continuation(task: Any) -> Continuation:
    """Return what the body left to be done, as `run_attempt` has noted it."""
    return task.request.get("continuation") or Continuation()


def _failed(error: BaseException) -> dict[str, Any]:
    kind = error.kind if isinstance(error, AttemptError) else _KINDS.get(type(error), OutcomeKind.INTERNAL)
    return {
        "outcome": kind,
        "message": storable(message(error)),
        "result": exception_json(error),
        "usage": usage_of(error.details) if isinstance(error, AttemptError) else None,
    }


def _traceback(einfo: Any) -> str | None:
    """Return where the exception came from, as Celery writes it; of a long one, the end."""
    text = getattr(einfo, "traceback", None)
    return storable(text)[-TRACEBACK_CHARACTERS:] if isinstance(text, str) else None


def message(error: BaseException) -> str:
    """Return what an exception says to a person."""
    if isinstance(error, AttemptError):
        return text_of(error)
    return _MESSAGES.get(type(error)) or described(error)
