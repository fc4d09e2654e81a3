"""(d) How a job ends: what its class writes of it, and what its body sends, in the transaction that ends it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from crobot_errors import BadInput, BrokerUnreachable, OutcomeKind, text_of
from crobot_tasks.broker.exceptions import exception_json
from crobot_tasks.broker.queues import UNREACHABLE
from crobot_tasks.lifecycle.finishing.continuation import Continuation, named
from crobot_tasks.lifecycle.job_types import JobClass, job_class
from crobot_tasks.lifecycle.sending import commit_sends
from crobot_tasks.lifecycle.sending.commit_sends import Checked
from crobot_tasks.lifecycle.sending.refused import Refused
from crobot_tasks.lifecycle.storage.outputs import Outputs
from crobot_tasks.logs.facts import about
from db.crobot import JobState, jobs
from db.engine import in_savepoint

log = logging.getLogger(__name__)

#: what is no column of the job's row
_NO_COLUMNS = ("outputs", "continuation", "jobs", "is_plain")


@dataclass(frozen=True)
class Ending:
    """The terminal state of a job."""

    job_id: int
    state: JobState
    outcome: OutcomeKind
    message: str | None = None
    result: Any = None
    output_location: str | None = None
    begun: bool = False
    #: where in the body the exception came from
    traceback: str | None = None
    #: what was read of the result's files; or why nothing can be, for good
    outputs: Outputs | Exception = field(default_factory=Outputs)
    #: what the body left to be done
    continuation: Continuation = field(default_factory=Continuation)
    #: the jobs among what it sent, checked
    jobs: Sequence[Checked] = ()
    #: whether it is known that the job has no class
    is_plain: bool = False
    #: nobody wants it any more, and that is noted with its end
    unwanted: bool = False

    def columns(self) -> dict[str, Any]:
        """Return what the job's row says of it."""
        columns = {name: value for name, value in vars(self).items() if name not in _NO_COLUMNS}
        after = self.continuation
        return columns | {"replacement": after.replacement, "children": after.children or None}


def processed(session: Any, endings: Sequence[Ending]) -> tuple[list[Ending], list[Refused]]:
    """Let the job classes write their side, and commit what bodies sent; what cannot be done makes a failed job.

    Returns:
        How the jobs end, and the jobs among what was sent that cannot work.
    """
    asked = [ending.job_id for ending in endings if not ending.is_plain]
    rows = jobs.typed(session, asked) if asked else {}
    cancelled = [ending.job_id for ending in endings if ending.state is JobState.CANCELLED]
    noted = _cancel_together(session, [rows[job_id] for job_id in cancelled if job_id in rows])
    refused: list[Refused] = []
    ended = [
        ending if ending.job_id in noted else _traced(session, rows.get(ending.job_id), ending, refused)
        for ending in endings
    ]
    return ended, refused


def first_line(error: BaseException) -> str:
    """Return the part of an error's text that fits a table."""
    return text_of(error).strip().split("\n")[0][:500]


def _cancel_together(session: Any, rows: Sequence[Any]) -> set[int]:
    """Let each job class note its cancelled jobs at once; return those of which that worked."""
    by_class: dict[type[JobClass], list[Any]] = {}
    for row in rows:
        with suppress(BadInput):  # a class that this head does not know: each such job is told of by itself
            cls = job_class(row.type, row.pipeline)
            by_class.setdefault(cls, []).append(cls.from_row(row))
    noted: set[int] = set()
    for cls, cancelled in by_class.items():
        if in_savepoint(session, partial(cls.process_cancels, session, cancelled)) is None:
            noted |= {job.job_id for job in cancelled}
    return noted


def _traced(session: Any, row: Any, ending: Ending, refused: list[Refused]) -> Ending:
    """Do it so that lines of the log say whose end it is."""
    with about(job=ending.job_id, attempt=row and row.attempt, traceparent=row and row.traceparent):
        return _process(session, row, ending, refused)


def _process(session: Any, row: Any, ending: Ending, refused: list[Refused]) -> Ending:
    """Commit what the body sent, and let the job class, if there is one, write its side."""
    if row is None:
        return _send(session, ending, refused) if ending.continuation.sends else ending
    try:
        job = job_class(row.type, row.pipeline).from_row(row)
    except BadInput as unknown:  # this head does not know the class; the job must not stop the others
        log.error("job %s: %s", ending.job_id, unknown)
        return _failed(ending, str(unknown), ending.result)
    if ending.state is JobState.COMPLETE:
        messages: list[str | None] = []
        error = in_savepoint(
            session, lambda: messages.append(_process_outputs(session, job, ending, refused))
        )
        if error is None:
            return replace(ending, message=messages[0])
        if isinstance(error, BrokerUnreachable):
            raise error
        log.error("job %s: its result cannot be processed", ending.job_id, exc_info=error)
        message = f"the result cannot be processed: {first_line(error)}"
        ending = _failed(ending, message, exception_json(error))
    if ending.state is JobState.FAILED:
        error = in_savepoint(session, lambda: job.process_failure(session, ending.message or ""))
    else:
        error = in_savepoint(session, lambda: job.process_cancels(session, [job]))
    if error is not None:
        log.error("job %s: its end cannot be noted in %s", ending.job_id, row.database, exc_info=error)
        ending = replace(ending, message=f"{ending.message}; and noting it failed: {first_line(error)}")
    return ending


def _process_outputs(session: Any, job: JobClass, ending: Ending, refused: list[Refused]) -> str | None:
    if isinstance(ending.outputs, Exception):
        raise ending.outputs
    if ending.continuation.replacement:
        raise BadInput(
            "its class writes the result, so nothing can take its place: send what follows, and return"
        )
    message = job.process_job(session, ending.result, ending.outputs)
    _commit(session, ending, refused)
    return message


def _send(session: Any, ending: Ending, refused: list[Refused]) -> Ending:
    """Commit what the body of a plain job sent; if that cannot be, the job fails."""
    error = in_savepoint(session, lambda: _commit(session, ending, refused))
    if error is None:
        return ending
    if isinstance(error, BrokerUnreachable):
        raise error
    log.error("job %s: what it sent cannot be stored", ending.job_id, exc_info=error)
    return _failed(ending, f"what it sent cannot be stored: {first_line(error)}", exception_json(error))


def _commit(session: Any, ending: Ending, refused: list[Refused]) -> None:
    try:
        refused += commit_sends.commit(session, ending.continuation.sends, ending.jobs).refused
    except UNREACHABLE as error:  # no fault of the job: the node keeps the report, and sends it again
        raise BrokerUnreachable(f"the result store does not take what a body sends: {error}") from error


def _failed(ending: Ending, message: str, result: Any) -> Ending:
    if names := named(ending.continuation.sends.calls):
        log.warning("job %d failed: what it sent is not sent: %s", ending.job_id, names)
    return replace(
        ending,
        state=JobState.FAILED,
        outcome=OutcomeKind.INTERNAL,
        message=message,
        result=result,
        continuation=Continuation(),
    )
