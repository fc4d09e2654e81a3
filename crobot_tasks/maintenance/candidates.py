"""What an update looks at, page by page: what lacks something, whether it is in hand, how it failed before."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.jobs.following import CLASSES
from crobot_tasks.jobs.generic import pipeline_of
from crobot_tasks.maintenance.deciding import QA, UNUSED, Candidate, Failure
from crobot_tasks.maintenance.outdated import current_version
from crobot_tasks.router.maintenance import UpdateRule
from db.crobot import LIVE, JobState, earlier
from db.engine import database_of
from db.species import AssemblyStatus, LookupStatus, Scheme, candidates, outdated

_OF_ASSEMBLIES = "QAssembly"
_LIVE = "its job is not over"


def strains(session: Any, rule: UpdateRule, current: str) -> Generator[Candidate]:
    """Yield the strains that may be assembled."""
    database = database_of(session)
    wanted = current if rule.outdated_assemblies and current else None
    for rows in candidates.strains(session, wanted):
        # what is sent in this very moment is first waiting, and then live: asked in this order, it is not missed
        unsent = earlier.unsent(session, "assemble", database, None, [row.barcode for row in rows])
        busy = _being_assembled(session, database)
        jobs = _jobs(session, database, _OF_ASSEMBLIES, [row.tag for row in rows])
        statuses = candidates.made_by(session, [job.id for of_one in jobs.values() for job in of_one])
        for row in rows:
            yield Candidate(
                key=row.barcode,
                lacks="no assembly"
                if row.version is None
                else f"outdated ({row.version}, current {current})",
                busy=_busy(row.barcode in unsent, not busy.isdisjoint(row.trace_ids)),
                failure=_failure(jobs.get(row.tag, ()), statuses, current),
            )


def assemblies(session: Any, scheme: Scheme, rule: UpdateRule, current: str) -> Generator[Candidate]:
    """Yield the assemblies for which a scheme may be called."""
    database, cls = database_of(session), CLASSES[pipeline_of(scheme)]
    version = scheme.version
    for rows in candidates.assemblies(session, scheme, current, outdated=rule.outdated_results):
        keys = [row.barcode for row in rows]
        unsent = earlier.unsent(session, "scheme", database, scheme.description, keys)
        jobs = _jobs(session, database, cls.type_of(scheme), keys)
        for row in rows:
            of_one = jobs.get(row.barcode, ())
            yield Candidate(
                key=row.barcode,
                lacks=_lacks(row, current, version),
                busy=_busy(row.barcode in unsent, any(job.state in LIVE for job in of_one)),
                failure=_failure_of_scheme(row, of_one),
            )


def current_of(scheme: Scheme) -> str:
    """Return the version by which a scheme would be called today."""
    return current_version(pipeline_of(scheme))


def check_called(scheme: Scheme) -> None:
    """Make sure that a scheme is called on one assembly.

    Raises:
        BadInput: it has no pipeline, or one that is called otherwise.
    """
    pipeline = pipeline_of(scheme)
    if pipeline not in CLASSES:
        raise BadInput(f"the scheme {scheme.description!r} is not called on one assembly ({pipeline})")


def _jobs(session: Any, database: str, type_: str, tags: Collection[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for job in earlier.of_tags(session, database, type_, tags):
        found.setdefault(job.tag, []).append(job)
    return found


def _being_assembled(session: Any, database: str) -> set[int]:
    """The read sets of live jobs, also of jobs for a part of a strain's reads."""
    contexts = earlier.live_contexts(session, database, _OF_ASSEMBLIES)
    return {trace_id for context in contexts for trace_id in context.get("trace_ids", ())}


def _busy(unsent: bool, live: bool) -> str:
    return "a batch will send it" if unsent else _LIVE if live else ""


def _lacks(row: Any, current: str, scheme_version: str) -> str:
    if row.version is None:
        return "no result"
    if row.status == LookupStatus.COMPLETE:
        return outdated.why(row.version, current, row.scheme_version, scheme_version)
    return "no result: its job was cancelled"


def _failure(jobs: Sequence[Any], statuses: dict[int, str], current: str) -> Failure | None:
    """How the last job for the same reads went wrong; one that was cancelled says nothing."""
    ended = [job for job in jobs if job.state in (JobState.COMPLETE, JobState.FAILED)]
    if not ended:
        return None
    last = ended[-1]
    if last.state == JobState.FAILED:
        return _failed(last, ended)
    match statuses.get(last.id):
        case AssemblyStatus.FAILED_QA:
            return Failure(QA, last.version, 1, last.finished_at)
        case AssemblyStatus.ASSEMBLED if last.version == current:
            return Failure(UNUSED, last.version, 1, last.finished_at)
    # an assembly that somebody deleted may be made again
    return None


def _failed(last: Any, jobs: Sequence[Any]) -> Failure:
    same = [job for job in jobs if job.state == JobState.FAILED and job.version == last.version]
    return Failure(last.outcome or "", last.version, len(same), last.finished_at)


def _failure_of_scheme(row: Any, jobs: Sequence[Any]) -> Failure | None:
    """How the last job of a scheme failed; a curator who sets ``fail_count`` to 0 allows all tries again."""
    if row.status != LookupStatus.FAILED or not row.fail_count:
        return None
    failed = [job for job in jobs if job.state == JobState.FAILED]
    if not failed:
        return Failure("", row.version, row.fail_count, row.updated_at)
    found = _failed(failed[-1], failed)
    return Failure(found.kind, found.version, min(found.times, row.fail_count), found.at)
