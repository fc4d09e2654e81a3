"""What follows on a new assembly that passed the QA: a job for each scheme whose pipeline has a job class here.

The transaction that records the assembly only notes that this is to be done, since a send looks at files, and others
wait for that transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

import celeryconfig
from crobot_errors import BadPath, CRobotError, text_of
from crobot_tasks.celery import app
from crobot_tasks.jobs.assembly_based import RemoteAssemblyBasedJob
from crobot_tasks.jobs.base import CRobotJob, Job
from crobot_tasks.jobs.generic import ANNOTATION, GENERIC, AnnotationJob, GenericJob
from crobot_tasks.jobs.nomenclature import NomenclatureJob
from crobot_tasks.lifecycle.calls.new_job import NewJob
from crobot_tasks.lifecycle.calls.sends import Sends, collecting
from crobot_tasks.lifecycle.sending import kept_calls
from crobot_tasks.lifecycle.sending.commit_sends import checked_job
from crobot_tasks.lifecycle.sending.kept_calls import KeptTask
from crobot_tasks.lifecycle.sending.store_job import store
from crobot_tasks.lifecycle.storage.access import StorageStalls, reading
from crobot_tasks.lifecycle.storage.mark import why_away
from db.engine import in_savepoint, is_away, retrying, transaction
from db.species import Scheme
from db.species.schemes import schemes_never_sent

log = logging.getLogger(__name__)

#: pipeline → the class of its jobs for one scheme on one assembly
CLASSES: dict[str, type[RemoteAssemblyBasedJob]] = {
    "nomenclature": NomenclatureJob,
    **dict.fromkeys(GENERIC, GenericJob),
    ANNOTATION: AnnotationJob,
}


def send_following(session: Session, job: Job, assembly_barcode: str, assembly: Path) -> None:
    """Send the jobs of all schemes on a new assembly, with the owner, batch and priority of the job that made it.

    They are sent after the open transaction. Schemes that were sent before are left alone.
    """
    kept_calls.after_this(
        session,
        follow,
        job_id=job.job_id if isinstance(job, CRobotJob) else None,
        database=job.database,
        assembly_barcode=assembly_barcode,
        assembly_filepointer=str(assembly),
        user_id=job.user_id,
        workgroup=job.workgroup,
        batch=job.batch,
        priority=job.priority,
    )


@app.task(base=KeptTask, name="crobot.follow", ignore_result=True, send_events=False)
def follow(
    call_id: str, database: str, assembly_barcode: str, job_id: int | None = None, **request: Any
) -> None:
    """Check the jobs that follow on an assembly, and send them; they wait for files that this head does not see.

    Whoever waits for what follows from the job ``job_id`` goes by the call: `db.crobot.overview.is_to_follow`.
    """
    age_s = kept_calls.age_s(call_id)
    if age_s is None:
        return
    request |= {"database": database, "assembly_barcode": assembly_barcode}
    is_late = age_s > celeryconfig.crobot_storage_patience_s
    try:
        checked = reading(lambda: list(_checked(request, job_id, is_late)))
    except (OSError, BadPath) as error:
        log.warning("what follows on %s waits to be sent: %s", assembly_barcode, text_of(error))
        return
    retrying(partial(_send, call_id, database, assembly_barcode, checked))


def _checked(request: dict[str, Any], job_id: int | None, is_late: bool) -> Iterator[NewJob]:
    """Check the jobs of the schemes that were never sent; what cannot be sent is told, and left out.

    Raises:
        OSError, BadPath: a file is not there, which may still come, unless it ``is_late``.
    """
    if away := why_away():
        raise StorageStalls(away)
    with transaction(request["database"]) as session:
        schemes = _schemes(session, request["assembly_barcode"])
        session.expunge_all()
    for scheme in schemes:
        try:
            yield _checked_job(scheme, request, job_id)
        # A scheme that cannot be called is no reason to leave out the others; update_scheme sends it later.
        except Exception as error:
            if is_away(error) or (isinstance(error, OSError | BadPath) and not is_late):
                raise
            _log_unsent(scheme.description, request["assembly_barcode"], error)


def _schemes(session: Session, assembly_barcode: str) -> Sequence[Scheme]:
    """Return the schemes that were never sent for an assembly, and have a job class."""
    schemes = schemes_never_sent(session, assembly_barcode)
    for scheme in schemes:
        if scheme.param["pipeline"] not in CLASSES:
            log.info(
                "scheme %s is skipped: no pipeline %r here", scheme.description, scheme.param["pipeline"]
            )
    return [scheme for scheme in schemes if scheme.param["pipeline"] in CLASSES]


def _checked_job(scheme: Scheme, request: dict[str, Any], job_id: int | None) -> NewJob:
    job = CLASSES[scheme.param["pipeline"]](scheme=scheme, **request)
    if job_id is not None:
        job.context["follows"] = job_id
    with collecting(Sends()) as sends:
        job.signature().apply_async(ignore_result=True)
    return checked_job(sends.calls[0])


def _send(call_id: str, database: str, assembly_barcode: str, jobs: Sequence[NewJob]) -> None:
    """Store the jobs together with the note that it was done."""
    with transaction(database) as session:
        if not kept_calls.done(session, call_id):
            return
        # another call may have sent some meanwhile
        never_sent = {scheme.id for scheme in schemes_never_sent(session, assembly_barcode)}
        for job in jobs:
            if job.context["scheme_id"] in never_sent and (
                error := in_savepoint(session, partial(store, job))
            ):
                _log_unsent(job.context["scheme"], assembly_barcode, error)


def _log_unsent(scheme: str, assembly_barcode: str, error: Exception) -> None:
    unknown = None if isinstance(error, CRobotError | OSError) else error
    log.error(
        "scheme %s cannot be called on %s: %s", scheme, assembly_barcode, text_of(error), exc_info=unknown
    )
