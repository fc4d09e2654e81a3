"""Job classes, one module a kind: the database side of each kind of job; importing this package registers them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from crobot_errors import BadInput, UnknownJob
from crobot_tasks import tasks
from crobot_tasks.jobs.analysis import AnalysisJob
from crobot_tasks.jobs.assembly import AssemblyJob
from crobot_tasks.jobs.assembly_based import AssemblyBasedJob, RemoteAssemblyBasedJob
from crobot_tasks.jobs.base import CRobotJob, RemoteJob
from crobot_tasks.jobs.generic import GenericJob
from crobot_tasks.jobs.local import LocalJob
from crobot_tasks.jobs.locus_search import LocusSearchJob
from crobot_tasks.jobs.locus_table import LocusTableJob
from crobot_tasks.jobs.many import send_jobs
from crobot_tasks.jobs.ms_tree import MSTreeJob
from crobot_tasks.jobs.nomenclature import NomenclatureJob
from crobot_tasks.jobs.posted import of_data
from crobot_tasks.jobs.rejudge import RejudgeJob
from crobot_tasks.jobs.snp import MatrixJob, PhylogenyJob, RefMapperJob, RefMaskerJob
from crobot_tasks.jobs.stats import AssemblyStatsJob
from crobot_tasks.lifecycle.job_types import job_class
from db.crobot import jobs
from db.engine import transaction

__all__ = [
    "AnalysisJob",
    "AssemblyBasedJob",
    "AssemblyJob",
    "AssemblyStatsJob",
    "CRobotJob",
    "GenericJob",
    "LocalJob",
    "LocusSearchJob",
    "LocusTableJob",
    "MSTreeJob",
    "MatrixJob",
    "NomenclatureJob",
    "PhylogenyJob",
    "RefMapperJob",
    "RefMaskerJob",
    "RejudgeJob",
    "RemoteAssemblyBasedJob",
    "RemoteJob",
    "get_crobot_job",
    "send_jobs",
    # the pipelines' tasks, to which the classes send
    "tasks",
]


def get_crobot_job(job_id: int | Mapping[str, Any]) -> CRobotJob:
    """Return the job of this number as an object of its class, to look at, to process, or to send again.

    Also of the data that are posted to a web app when the job has ended: then no database is asked, and a job that was
    sent as a plain task is a `CRobotJob`.

    Raises:
        UnknownJob: there is none.
        BadInput: it has no class: it was sent as a plain task; or the data are none of a job.
    """
    if isinstance(job_id, Mapping):
        return of_data(job_id)
    with transaction() as session:
        row = jobs.find(session, job_id)
        if row is None:
            raise UnknownJob(f"there is no job {job_id}; `crobot jobs` lists them")
        if not row.type:
            raise BadInput(
                f"job {job_id} ({row.pipeline}) was sent as a plain task: no job class belongs to it"
            )
        return cast(CRobotJob, job_class(row.type, row.pipeline).from_row(row))
