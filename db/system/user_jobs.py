"""The log of all jobs, which the web app shows its users: one line a job, written when it is sent and when it ends."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from db.system import UserJob

#: a job that is not over, wherever it is; `crobot.jobs` knows more
QUEUED = "QUEUED"
CANCELLED = "CANCELLED"


def sent(
    session: Session, *, job_id: int, accession: str, user_id: int, database: str, pipeline: str, version: str
) -> None:
    """A job was created; ``pipeline`` is its type, ``accession`` its tag."""
    values = {
        "job_id": job_id,
        "accession": accession,
        "user_id": user_id,
        "status": QUEUED,
        "database": database,
        "pipeline": pipeline,
        "version": version,
    }
    session.execute(insert(UserJob).values(values))


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
