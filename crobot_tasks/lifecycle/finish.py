"""(d) A report → one transaction; the only module that ends attempts and jobs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from typing import Any

from crobot_errors import BadInput, OutcomeKind, ServiceError, ToolFailed, text_of
from crobot_tasks.broker.exceptions import exception_json
from crobot_tasks.broker.formats import AttemptKey, attempt_id
from crobot_tasks.lifecycle import owed_results, policy_in_force, read_ahead, time_limits
from crobot_tasks.lifecycle.job_types import JobClass, job_class
from crobot_tasks.lifecycle.outputs import Outputs
from crobot_tasks.lifecycle.refused import Refused
from crobot_tasks.lifecycle.report import Report
from crobot_tasks.lifecycle.result_files import portions
from crobot_tasks.lifecycle.retries import TRIED_AGAIN, Trial, next_step
from crobot_tasks.router import Policy
from db.crobot import JobState, finishing, jobs, numbers, parking
from db.engine import in_savepoint, may_repeat, notify, retrying, tables_of, transaction

log = logging.getLogger(__name__)

#: unknown attempts in one line of the log
NAMED = 20


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

    def columns(self) -> dict[str, Any]:
        """Return what the job's row says of it."""
        return {name: value for name, value in vars(self).items() if name != "outputs"}


def apply(reports: Iterable[Report]) -> set[AttemptKey]:
    """Apply reports, each accepted only if its attempt is the live one of a live job; any other changes nothing.

    What they name on the storage is read first. Those that wait for it are not applied: their attempts are returned,
    and whoever sent the reports sends them again.
    """
    waiting: set[AttemptKey] = set()
    for portion in portions({report.key: report for report in reports}.values()):
        ready, late = read_ahead.read(portion)
        _apply_each_species({report.key: report for report in ready})
        waiting |= late
    return waiting


def _apply_each_species(known: dict[AttemptKey, Report]) -> None:
    if not known:
        return
    with transaction() as session:
        databases = jobs.databases(session, [job_id for job_id, _ in known])
    # one transaction a species, so that species never wait for each other
    by_database = sorted(known.values(), key=lambda report: databases.get(report.job_id) or "")
    for database, group in groupby(by_database, key=lambda report: databases.get(report.job_id)):
        _apply_group(database, list(group))


def _apply_group(database: str | None, reports: list[Report]) -> None:
    """Apply the reports together, or, if that fails, each by itself: none may stand in the way of the others."""
    try:
        retrying(_applying(database, reports))
    except ServiceError:
        raise
    # Whatever one report meets (data that the database refuses, a defect), it would be sent again for ever.
    except Exception as error:
        if may_repeat(error):
            raise
        log.exception("reports on %s cannot be applied together", [report.job_id for report in reports])
        if len(reports) > 1:
            for report in reports:
                _apply_group(database, [report])
        elif reports[0].outcome is not OutcomeKind.INTERNAL or reports[0].result is not None:
            retrying(_applying(database, [_unusable(reports[0], error)]))
        else:
            raise


def _unusable(report: Report, error: Exception) -> Report:
    message = f"its report cannot be applied: {type(error).__name__}: {first_line(error)}"
    return Report(report.job_id, report.number, OutcomeKind.INTERNAL, message)


def first_line(error: BaseException) -> str:
    """Return the part of an error's text that fits a table."""
    return text_of(error).strip().split("\n")[0][:500]


def _applying(database: str | None, reports: list[Report]) -> Callable[[], None]:
    def work() -> None:
        with transaction(database) as session:
            _apply(session, {report.key: report for report in reports})

    return work


def _apply(session: Any, reports: dict[tuple[int, int], Report]) -> None:
    live = finishing.lock_live(session, {key: report.node for key, report in reports.items()})
    dead = reports.keys() - {(job.id, job.attempt) for job in live}
    if dead and (unknown := dead - finishing.count_ignored(session, dead)):
        _tell_unknown(session, [reports[key] for key in sorted(unknown)])
    accepted = [(job, _wanted(job, reports[job.id, job.attempt])) for job in live]
    finishing.end_attempts(session, [_attempt_end(report) for _, report in accepted])
    policy = policy_in_force.current(session)
    endings = [ending for job, report in accepted if (ending := _follow(session, policy, job, report))]
    end(session, endings)
    notify(session, parking.CHANNEL)


def _tell_unknown(session: Any, reports: Sequence[Report]) -> None:
    """Say which reports are on attempts that the database does not know: it may come from a backup."""
    numbers.count_reports(session, len(reports))
    named = [f"{attempt_id(*one.key)} ({one.outcome}) of node {one.node}" for one in reports[:NAMED]]
    more = f" and {len(reports) - NAMED} more" if len(reports) > NAMED else ""
    log.warning(
        "reports on attempts that the database does not know change nothing: %s%s", ", ".join(named), more
    )


def _wanted(job: Any, report: Report) -> Report:
    """Call an attempt cancelled if, and only if, the job was: a node is told to stop by others, too.

    What a database from a backup takes for live may have ended long ago, and its loss tells nothing of the job.
    """
    if job.unsure and report.outcome is OutcomeKind.NODE_LOST and report.node is None:
        message = f"{report.message}; the database was restored from a backup, and may have forgotten its end"
        report = replace(report, outcome=OutcomeKind.NODE_STOPPED, message=message)
    if job.cancel_requested and report.outcome is not OutcomeKind.OK:
        message = job.message or "cancelled"
        return replace(report, outcome=OutcomeKind.CANCELLED, message=message, result=None, traceback=None)
    if not job.cancel_requested and report.outcome is OutcomeKind.CANCELLED:
        return replace(
            report, outcome=OutcomeKind.NODE_LOST, message="stopped, though nobody cancelled the job"
        )
    return report


def _attempt_end(report: Report) -> dict[str, Any]:
    return {
        "job_id": report.job_id,
        "number": report.number,
        "outcome": report.outcome,
        "message": report.message,
        "usage": report.usage,
        "begun": report.begun,
        "by_head": not report.begun,
    }


def _follow(session: Any, policy: Policy, job: Any, report: Report) -> Ending | None:
    """Return the job's end, or put it back among the waiting ones."""
    step = next_step(_trial(session, job, report), policy)
    message = "; ".join(filter(None, (report.message, step.why)))
    if step.state is JobState.WAITING:
        finishing.try_again(
            session,
            job_id=job.id,
            outcome=step.kind,
            message=message,
            delay_s=step.delay_s,
            memory_bytes=step.memory_bytes,
            time_limit_s=step.time_limit_s,
        )
        return None
    return Ending(
        job.id,
        step.state,
        step.kind,
        message or None,
        report.result,
        report.output_location,
        report.begun,
        report.traceback,
        report.outputs,
    )


def _trial(session: Any, job: Any, report: Report) -> Trial:
    earlier = deaths = 0
    largest = None
    if report.outcome in TRIED_AGAIN:
        earlier, deaths = finishing.history(session, [job.id]).get(job.id, (0, 0))
        largest = finishing.largest_memory_bytes(session, job.pipeline, job.version)
    return Trial(
        kind=report.outcome,
        pipeline=job.pipeline,
        attempt=job.attempt,
        begun=job.begun or report.begun,
        earlier=earlier,
        deaths=deaths,
        memory_bytes=job.memory_bytes,
        time_limit_s=job.time_limit_s,
        peak_memory_bytes=(report.usage or {}).get("peak_memory_bytes"),
        largest_memory_bytes=largest,
        cancel_requested=job.cancel_requested,
        senders_limit=time_limits.are_senders(job.pipeline, job.chosen or {}, report.outcome, report.result),
    )


def end(session: Any, endings: Sequence[Ending]) -> None:
    """Give jobs their terminal state, and all that hangs on it, in the open transaction; settle after its commit."""
    if not endings:
        return
    rows = jobs.typed(session, [ending.job_id for ending in endings])
    cancelled = [ending.job_id for ending in endings if ending.state is JobState.CANCELLED]
    noted = _cancel_together(session, [rows[job_id] for job_id in cancelled if job_id in rows])
    ended = [
        _process(session, rows[ending.job_id], ending)
        if ending.job_id in rows and ending.job_id not in noted
        else ending
        for ending in endings
    ]
    finishing.end_jobs(session, [ending.columns() for ending in ended])
    owed_results.after_commit(session, [ending.job_id for ending in ended])


def refuse(session: Any, refused: Iterable[Refused]) -> None:
    """End jobs that were just parked although they never begin."""
    for job in refused:
        with tables_of(session, job.database):
            end(session, [Ending(job.job_id, job.state, job.outcome, job.reason, _error(job))])


def _error(job: Refused) -> Any:
    """Return why a job cannot work, for whoever waits for it: nobody heard the error when it was sent."""
    return exception_json(ToolFailed(job.reason)) if job.state is JobState.FAILED else None


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


def _process(session: Any, row: Any, ending: Ending) -> Ending:
    """Let the job class write its side; a result that cannot be processed is a failed job."""
    try:
        job = job_class(row.type, row.pipeline).from_row(row)
    except BadInput as unknown:  # this head does not know the class; the job must not stop the others
        log.error("job %s: %s", ending.job_id, unknown)
        return replace(ending, state=JobState.FAILED, outcome=OutcomeKind.INTERNAL, message=str(unknown))
    if ending.state is JobState.COMPLETE:
        messages: list[str | None] = []
        error = in_savepoint(session, lambda: messages.append(_process_outputs(session, job, ending)))
        if error is None:
            return replace(ending, message=messages[0])
        log.error("job %s: its result cannot be processed", ending.job_id, exc_info=error)
        message = f"the result cannot be processed: {first_line(error)}"
        failure = exception_json(error)
        ending = replace(
            ending, state=JobState.FAILED, outcome=OutcomeKind.INTERNAL, message=message, result=failure
        )
    if ending.state is JobState.FAILED:
        error = in_savepoint(session, lambda: job.process_failure(session, ending.message or ""))
    else:
        error = in_savepoint(session, lambda: job.process_cancels(session, [job]))
    if error is not None:
        log.error("job %s: its end cannot be noted in %s", ending.job_id, row.database, exc_info=error)
        ending = replace(ending, message=f"{ending.message}; and noting it failed: {first_line(error)}")
    return ending


def _process_outputs(session: Any, job: JobClass, ending: Ending) -> str | None:
    if isinstance(ending.outputs, Exception):
        raise ending.outputs
    return job.process_job(session, ending.result, ending.outputs)
