"""The log of all jobs, which the web app shows its users: one line a job, written when it is sent and when it ends."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.arrays import array
from db.base import SYSTEM
from db.prepared import Prepared
from db.system import UserJob

#: a job that is not over, wherever it is; `crobot.jobs` knows more
QUEUED = "QUEUED"
CANCELLED = "CANCELLED"


class Line(NamedTuple):
    """What a new job's line says; ``pipeline`` is the job's type, ``accession`` its tag."""

    job_id: int
    accession: str
    user_id: int
    database: str
    pipeline: str
    version: str


_SENT = Prepared(f"""
    INSERT INTO {SYSTEM}.user_jobs (job_id, accession, user_id, status, database, pipeline, version)
    SELECT job_id, accession, user_id, '{QUEUED}', database, pipeline, version
    FROM unnest(CAST(:job_id AS bigint[]), CAST(:accession AS text[]), CAST(:user_id AS int[]),
                CAST(:database AS text[]), CAST(:pipeline AS text[]), CAST(:version AS text[]))
        AS line(job_id, accession, user_id, database, pipeline, version)""")


def sent_each(session: Session, lines: Collection[Line]) -> None:
    """Jobs were created."""
    columns = zip(*(map(str, line) for line in lines), strict=True)
    _SENT.rows(session, dict(zip(Line._fields, map(array, columns), strict=True)))


def cancelled(session: Session, job_ids: Collection[int]) -> None:
    """Nobody wants these jobs any more."""
    session.execute(update(UserJob).where(UserJob.job_id.in_(job_ids)).values(status=CANCELLED))


def ended(
    session: Session,
    job_id: int,
    status: str,
    *,
    version: str | None = None,
    output_location: str | None = None,
) -> None:
    """A job is over; what is not given stays as it was."""
    given = {"version": version, "output_location": output_location}
    values = {"status": status} | {name: value for name, value in given.items() if value is not None}
    session.execute(update(UserJob).where(UserJob.job_id == job_id).values(values))
