"""What follows on a new assembly that passed the QA: a job for each scheme whose pipeline has a job class here."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy.orm import Session

from crobot_errors import CRobotError
from crobot_tasks.jobs import scheme_export
from crobot_tasks.jobs.assembly_based import RemoteAssemblyBasedJob
from crobot_tasks.jobs.base import Job
from crobot_tasks.jobs.generic import GENERIC, GenericJob
from crobot_tasks.jobs.nomenclature import NomenclatureJob
from db.engine import in_savepoint, transaction
from db.species import Scheme
from db.species.schemes import schemes_never_sent, schemes_to_call

log = logging.getLogger(__name__)

#: pipeline → the class of its jobs for one scheme on one assembly
CLASSES: dict[str, type[RemoteAssemblyBasedJob]] = {
    "nomenclature": NomenclatureJob,
    **dict.fromkeys(GENERIC, GenericJob),
}


def export_schemes(database: str) -> None:
    """Write for the nodes what jobs on new assemblies read, so that no transaction that sends them waits for that."""
    with transaction(database) as session:
        names = [scheme.param.get("scheme") for scheme in schemes_to_call(session)]
    for name in filter(None, names):
        try:
            scheme_export.export(database, name)
        # It is met again, and told, where the job is sent.
        except (CRobotError, OSError) as error:
            log.warning("scheme %s of %s cannot be exported: %s", name, database, error)


def send_following(session: Session, job: Job, assembly_barcode: str, assembly: Path) -> None:
    """Send the jobs of all schemes on a new assembly, with the owner, batch and priority of the job that made it.

    Schemes that were sent before are left alone.
    """
    for scheme in schemes_never_sent(session, assembly_barcode):
        cls = CLASSES.get(scheme.param["pipeline"])
        if cls is None:
            log.info(
                "scheme %s of %s is skipped: no pipeline %r here",
                scheme.description,
                job.database,
                scheme.param["pipeline"],
            )
        else:
            _send(session, cls, scheme, job, assembly_barcode, assembly)


def _send(
    session: Session,
    cls: type[RemoteAssemblyBasedJob],
    scheme: Scheme,
    job: Job,
    assembly_barcode: str,
    assembly: Path,
) -> None:
    def send() -> None:
        cls(
            scheme=scheme,
            database=job.database,
            assembly_barcode=assembly_barcode,
            assembly_filepointer=str(assembly),
            user_id=job.user_id,
            workgroup=job.workgroup,
            batch=job.batch,
            priority=job.priority,
        ).send_job()

    # a scheme that cannot be called is no reason to lose the assembly; update_scheme sends it later
    error = in_savepoint(session, send)
    if isinstance(error, CRobotError | OSError):
        log.error("scheme %s cannot be called on %s: %s", scheme.description, assembly_barcode, error)
    elif error is not None:
        raise error
