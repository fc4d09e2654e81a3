"""(d) What reports name on the storage is read before the transaction that applies them, so that nobody waits for it.

A file that this head does not see is the head's trouble, and not the job's. Its report is not applied and not
acknowledged, so the node keeps it and sends it again. The job fails only when the storage is there, and the file has
not come for ``crobot_storage_patience_s``.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import celeryconfig
from crobot_errors import BadInput, BadPath, LateFile, OutcomeKind, text_of
from crobot_tasks.broker.formats import AttemptKey
from crobot_tasks.lifecycle.finishing.continuation import Continuation, checked
from crobot_tasks.lifecycle.finishing.report import Report, ResultFile
from crobot_tasks.lifecycle.finishing.result_files import read_result
from crobot_tasks.lifecycle.job_types import job_class
from crobot_tasks.lifecycle.storage.access import StorageStalls, reading
from crobot_tasks.lifecycle.storage.mark import why_unusable
from crobot_tasks.lifecycle.storage.outputs import Outputs
from db.crobot import unapplied
from db.engine import is_away, retrying, transaction

log = logging.getLogger(__name__)


def read(reports: Sequence[Report], typed: Collection[int]) -> tuple[list[Report], set[AttemptKey]]:
    """Return the reports that can be applied, with what was read for them, and the attempts of those that wait.

    ``typed`` are the jobs that have a job class.
    """
    rows = {(row.id, row.attempt): row for row in _jobs_that_read(reports, typed)}
    if not rows:
        return list(reports), set()
    away, ready, waiting = why_unusable(), [], {}
    for report in reports:
        row = rows.get(report.key)
        reason = "" if row is None else away
        if row is not None and not away:
            report, reason = _read_one(report, row)
        if reason:
            waiting[report.key] = reason
        else:
            ready.append(report)
    _note(waiting)
    return ready, set(waiting)


def _jobs_that_read(reports: Sequence[Report], typed: Collection[int]) -> Sequence[Any]:
    """Return the jobs of whose reports something is read: a file, or, if they end well, what the result names."""
    reading_ones = {
        report.key: report.node
        for report in reports
        if report.result_file or (report.outcome is OutcomeKind.OK and report.job_id in typed)
    }
    if not reading_ones:
        return []

    def live() -> Sequence[Any]:
        with transaction() as session:
            return unapplied.live(session, reading_ones)

    return retrying(live)


def _read_one(report: Report, row: Any) -> tuple[Report, str]:
    """Return the report with what its class reads; or why it waits."""
    try:
        return reading(lambda: _with_all(report, row)), ""
    except StorageStalls as error:
        return report, text_of(error)
    except OSError as error:
        reason = _reason(error)
        if _waited_s(row, reason) <= celeryconfig.crobot_storage_patience_s:
            return report, reason
        return _unreadable(report, row, _never_came(row, reason)), ""
    # Whatever else it is, it is the result's own: the job fails by it, as by anything in `process_job`.
    except Exception as error:
        if is_away(error):
            raise
        return _unreadable(report, row, error), ""


def _with_all(report: Report, row: Any) -> Report:
    """Return the report with its result, and with what the result names."""
    if report.result_file:
        report = _with_file(report, report.result_file)
    is_read = row.type and report.outcome is OutcomeKind.OK
    return replace(report, outputs=_outputs(report, row)) if is_read else report


def _with_file(report: Report, file: ResultFile) -> Report:
    content = read_result(report.job_id, file)
    if not file.has_continuation:
        return replace(report, result=content)
    if not isinstance(content, dict):
        raise BadInput(f"'{file.path}' has {content!r:.80}, and not a result and what the body sends")
    return replace(report, result=content.get("result"), continuation=checked(content.get("continuation")))


def _outputs(report: Report, row: Any) -> Outputs:
    try:
        job = job_class(row.type, row.pipeline).from_row(row)
    except BadInput:  # this head does not know the class, which is told where the job ends
        return Outputs()
    return job.read_outputs(report.result)


def _unreadable(report: Report, row: Any, error: Exception) -> Report:
    """Return the report on a job that fails since what it names can never be read."""
    report = replace(report, continuation=Continuation())
    if row.type and report.outcome is OutcomeKind.OK:
        return replace(report, outputs=error)
    message = f"the result cannot be read: {text_of(error)}"
    return replace(report, outcome=OutcomeKind.INTERNAL, message=message, result=None)


def _reason(error: OSError) -> str:
    """Say which file this head cannot read, and why."""
    if isinstance(error, LateFile) or error.filename is None:
        return text_of(error)
    return f"'{error.filename}' cannot be read here: {error.strerror}"


def _waited_s(row: Any, reason: str) -> float:
    """Return for how many seconds the report has waited for this reason."""
    return float(row.unapplied_s or 0) if row.unapplied_reason == reason else 0.0


def _never_came(row: Any, reason: str) -> BadPath:
    return BadPath(
        f"{reason}. The node reported it {row.unapplied_s:.0f} s ago, and the storage is there. Send the job again"
    )


def _note(waiting: dict[AttemptKey, str]) -> None:
    if not waiting:
        return

    def note() -> None:
        with transaction() as session:
            unapplied.note(session, waiting)

    retrying(note)
    for reason, reports in Counter(waiting.values()).most_common(3):
        log.warning(
            "%s to be applied: %s", "1 report waits" if reports == 1 else f"{reports} reports wait", reason
        )
