"""(d) A report → one transaction; the only module that ends attempts and jobs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from crobot_errors import TRIED_AGAIN, BrokerUnreachable, OutcomeKind, ServiceError, ToolFailed
from crobot_tasks.broker.exceptions import exception_json
from crobot_tasks.broker.formats import AttemptKey, attempt_id
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.lifecycle.calls import time_limits
from crobot_tasks.lifecycle.finishing import owed_results, read_ahead, told_outcomes
from crobot_tasks.lifecycle.finishing.continuation import Continuation, again_columns, named
from crobot_tasks.lifecycle.finishing.endings import Ending, first_line, processed
from crobot_tasks.lifecycle.finishing.report import Report
from crobot_tasks.lifecycle.finishing.result_files import portions
from crobot_tasks.lifecycle.retries import Trial, next_step
from crobot_tasks.lifecycle.sending import commit_sends
from crobot_tasks.lifecycle.sending.refused import Refused
from crobot_tasks.lifecycle.storage.access import StorageStalls
from crobot_tasks.logs.facts import of_attempt
from crobot_tasks.router import Policy
from db.crobot import JobState, finishing, jobs, numbers
from db.engine import after_commit, may_repeat, reading, retrying, tables_of, transaction

log = logging.getLogger(__name__)

#: unknown attempts in one line of the log
NAMED = 20


def apply(reports: Iterable[Report]) -> set[AttemptKey]:
    """Apply reports, each accepted only if its attempt is the live one of a live job; any other changes nothing.

    What they name on the storage is read first. Those that wait for it are not applied: their attempts are returned,
    and whoever sent the reports sends them again.
    """
    waiting: set[AttemptKey] = set()
    for portion in portions({report.key: report for report in reports}.values()):
        kinds = _kinds(portion)
        typed = {job_id for job_id, kind in kinds.items() if kind.type}
        ready, late = read_ahead.read(portion, typed)
        databases = {job_id: kind.database for job_id, kind in kinds.items()}
        waiting |= late | _apply_each_species(list(map(_with_jobs, ready)), databases)
    return waiting


def _kinds(reports: Sequence[Report]) -> dict[int, Any]:
    """Job id → its species and its job class."""
    job_ids = [report.job_id for report in reports]

    def read() -> dict[int, Any]:
        with reading() as session:
            return jobs.kinds(session, job_ids)

    return retrying(read)


def _with_jobs(report: Report) -> Report:
    """Check what the body sent, so that no transaction takes the time that this may take."""
    sends = report.continuation.sends
    return replace(report, jobs=commit_sends.checked_jobs(sends)) if sends.calls else report


def _apply_each_species(reports: Sequence[Report], databases: Mapping[int, str | None]) -> set[AttemptKey]:
    # one transaction a species, so that species never wait for each other
    by_database = sorted(reports, key=lambda report: databases.get(report.job_id) or "")
    species = groupby(by_database, key=lambda report: databases.get(report.job_id))
    return {key for database, group in species for key in _apply_group(database, list(group))}


def _apply_group(database: str | None, reports: list[Report]) -> set[AttemptKey]:
    """Apply the reports together, or, if that fails, each by itself: none may stand in the way of the others.

    Returns:
        The attempts whose reports wait until the result store, or the storage, is back.
    """
    try:
        retrying(_applying(database, reports))
    except (BrokerUnreachable, StorageStalls) as error:
        return _apply_each(database, reports) if len(reports) > 1 else _waits(reports[0], error)
    except ServiceError:
        raise
    # Whatever one report meets (data that the database refuses, a defect), it would be sent again for ever.
    except Exception as error:
        if may_repeat(error):
            raise
        log.exception("reports on %s cannot be applied together", [report.job_id for report in reports])
        if len(reports) > 1:
            return _apply_each(database, reports)
        _apply_unusable(database, reports[0], error)
    return set()


def _apply_each(database: str | None, reports: list[Report]) -> set[AttemptKey]:
    return {key for report in reports for key in _apply_group(database, [report])}


def _waits(report: Report, error: ServiceError) -> set[AttemptKey]:
    known = of_attempt(*report.key)
    log.warning("the report on attempt %d.%d waits to be applied: %s", *report.key, error, extra=known)
    return {report.key}


def _apply_unusable(database: str | None, report: Report, error: Exception) -> None:
    if report.outcome is OutcomeKind.INTERNAL and report.result is None:
        raise error
    retrying(_applying(database, [_unusable(report, error)]))


def _unusable(report: Report, error: Exception) -> Report:
    message = f"its report cannot be applied: {type(error).__name__}: {first_line(error)}"
    return Report(report.job_id, report.number, OutcomeKind.INTERNAL, message)


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
    _log_dropped(reports[key] for key in dead)
    accepted = [(job, _wanted(job, reports[job.id, job.attempt])) for job in live]
    finishing.end_attempts(session, [_attempt_end(report) for _, report in accepted])
    after_commit(lambda: _log_ends(accepted))
    policy = policy_in_force.current(session)
    endings = [ending for job, report in accepted if (ending := _follow(session, policy, job, report))]
    end(session, endings)


def _log_ends(accepted: Iterable[tuple[Any, Report]]) -> None:
    """Say how attempts ended; of jobs that nobody traces a line each would bury all others."""
    for job, report in accepted:
        log.log(
            logging.INFO if job.traceparent else logging.DEBUG,
            "attempt %d.%d ended on %s: %s",
            *report.key,
            job.node,
            report.outcome,
            extra=of_attempt(*report.key) | {"node": job.node, "traceparent": job.traceparent},
        )


def _tell_unknown(session: Any, reports: Sequence[Report]) -> None:
    """Say which reports are on attempts that the database does not know: it may come from a backup."""
    numbers.count_reports(session, len(reports))
    listed = [f"{attempt_id(*one.key)} ({one.outcome}) of node {one.node}" for one in reports[:NAMED]]
    more = f" and {len(reports) - NAMED} more" if len(reports) > NAMED else ""
    log.warning(
        "reports on attempts that the database does not know change nothing: %s%s", ", ".join(listed), more
    )


def _log_dropped(reports: Iterable[Report]) -> None:
    """Name what is not sent, since another attempt counts, or did."""
    for report in reports:
        if names := named(report.continuation.sends.calls):
            text = "attempt %d.%d does not count: what it sent is not sent: %s"
            log.warning(text, *report.key, names, extra=of_attempt(*report.key))


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
    if step.state is JobState.WAITING and report.continuation.again:
        asked = again_columns(report.continuation.again)
        finishing.run_again(
            session, job_id=job.id, outcome=step.kind, message=message, result=report.result, **asked
        )
        return None
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
        report.continuation if step.state is JobState.COMPLETE else Continuation(),
        report.jobs,
        is_plain=not job.type,
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
        asked=report.continuation.again is not None,
    )


def end(session: Any, endings: Sequence[Ending]) -> None:
    """Give jobs their terminal state, and all that hangs on it, in the open transaction; settle after its commit."""
    if not endings:
        return
    ended, refused = processed(session, endings)
    if to_be_posted := finishing.end_jobs(session, [ending.columns() for ending in ended]):
        told_outcomes.of_jobs(session, to_be_posted)
    owed_results.after_commit(session, [ending.job_id for ending in ended])
    refuse(session, refused)


def refuse(session: Any, refused: Iterable[Refused]) -> None:
    """End jobs that were just parked although they never begin."""
    by_database = sorted(refused, key=lambda job: job.database or "")
    for database, alike in groupby(by_database, key=lambda job: job.database):
        with tables_of(session, database):
            end(session, [_refusal(job) for job in alike])


def _refusal(job: Refused) -> Ending:
    return Ending(job.job_id, job.state, job.outcome, job.reason, _error(job))


def _error(job: Refused) -> Any:
    """Return why a job cannot work, for whoever waits for it: nobody heard the error when it was sent."""
    return exception_json(ToolFailed(job.reason)) if job.state is JobState.FAILED else None
