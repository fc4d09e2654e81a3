"""What came of a job: the assembly, the analysis or the SNP project that it worked for, and the jobs that followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from db.crobot import jobs, overview
from db.crobot.selection import Selection
from db.engine import transaction
from db.species.overview import made_assembly

#: followers that are told of, at most; a scheme more or less is one job
MOST = 1000


@dataclass(frozen=True)
class Consequences:
    """What came of one job."""

    #: barcode of the assembly that it made, or on which it called a scheme
    assembly: str | None
    analysis: int | None
    project: int | None
    #: rows of jobs, in the order in which they were sent
    followers: Sequence[Any]


def consequences(job: Any) -> Consequences:
    """Return what came of a job, given its row."""
    with transaction() as session:
        made, followers = _of_species(session, job)
        found = jobs.listing(session, Selection(ids=tuple(followers)), limit=MOST) if followers else []
    context = job.context
    return Consequences(
        assembly=made or (job.tag if "scheme_id" in context and "assembly_id" in context else None),
        analysis=context.get("analysis_id"),
        project=context.get("project_id"),
        followers=list(reversed(found)),
    )


def followers_of(job_id: int) -> list[int]:
    """Return the numbers of the jobs that followed from one."""
    with transaction() as session:
        job = jobs.find(session, job_id)
        return [] if job is None else _of_species(session, job)[1]


def _of_species(session: Any, job: Any) -> tuple[str | None, list[int]]:
    """Return the assembly that a job has made, and the jobs that followed."""
    if not job.database:
        return None, []
    with transaction(job.database):
        made = made_assembly(session, job.id)
        barcode = None if made is None else made.barcode
        return barcode, overview.followers(session, job, barcode)
