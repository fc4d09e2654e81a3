"""Queries that hold what is counted or noted elsewhere against the jobs; each is one statement, and so one moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.crobot import LIVE_SQL, OVER_SQL

# An assembly that failed its QA is COMPLETE; and says why.
_STATUS = f"CASE WHEN {LIVE_SQL} THEN 'QUEUED' ELSE state END"
_SAME = f"(u.status = {_STATUS} OR state = 'COMPLETE' AND u.status LIKE 'COMPLETE; %')"

_ONE_MOMENT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

_LAST = text("SELECT COALESCE(max(id), 0) FROM crobot.all_jobs")

_LOG = text(f"""
    SELECT j.id, u.status AS has, {_STATUS} AS should
    FROM crobot.all_jobs j LEFT JOIN system.user_jobs u ON u.job_id = j.id
    WHERE j.id > :after AND j.id <= :up_to AND j.type <> '' AND {_SAME} IS NOT TRUE ORDER BY j.id""")
# Whoever ends the job has its row, and so comes before or after.
_MEND_LOG = text(f"""
    WITH hot AS (SELECT id, state, tag, user_id, database, version, type, sent_at FROM crobot.jobs
                 WHERE id = :job_id FOR SHARE),
    job AS (SELECT * FROM hot UNION ALL
            SELECT id, state, tag, user_id, database, version, type, sent_at FROM crobot.jobs_past
            WHERE id = :job_id)
    INSERT INTO system.user_jobs AS u (job_id, accession, user_id, status, date_sent, database, version, pipeline)
    SELECT id, tag, user_id, {_STATUS}, sent_at, COALESCE(database, ''), version, type FROM job
    ON CONFLICT (job_id) DO UPDATE SET status = excluded.status""")

_LIVE = text(
    f"SELECT * FROM crobot.jobs WHERE {LIVE_SQL} AND database = :database AND type <> '' ORDER BY id"
)

_ANALYSES = text(f"""
    SELECT p.id, j.id AS job_id, j.state, j.message,
           CASE WHEN p.data ? 'complete' THEN 'complete' WHEN p.data ? 'failed' THEN 'failed'
                ELSE 'under way' END AS has,
           CASE WHEN j.state = 'COMPLETE' THEN 'complete' WHEN {OVER_SQL} THEN 'failed' ELSE 'under way' END AS should
    FROM system.user_preferences p JOIN crobot.all_jobs j ON j.id = CAST(p.data ->> 'job_id' AS bigint)
    WHERE p.type = ANY(:types) AND p.id > :after AND p.id <= :up_to
      AND (CASE WHEN j.state = 'COMPLETE' THEN NOT p.data ? 'complete' WHEN {OVER_SQL} THEN NOT p.data ? 'failed'
                ELSE p.data ?| ARRAY['complete', 'failed'] END)
    ORDER BY p.id""")
_LAST_ANALYSIS = text("SELECT COALESCE(max(id), 0) FROM system.user_preferences")

_OVERDUE = text(f"""
    SELECT s.task_id, s.job_id FROM crobot.settlements s JOIN crobot.jobs j ON j.id = s.job_id
    WHERE s.settled_at IS NULL AND {OVER_SQL} AND j.finished_at < now() - make_interval(secs => :after_s)
      AND (s.claimed_at IS NULL OR s.claimed_at < now() - make_interval(secs => :after_s))
    ORDER BY s.job_id""")


def at_one_moment(session: Session) -> None:
    """Let all that the transaction reads be of one moment; before it has read anything."""
    session.execute(_ONE_MOMENT)


def last_job(session: Session) -> int:
    """Return the highest number of a job."""
    return int(session.execute(_LAST).scalar_one())


def log(session: Session, after: int, up_to: int) -> Sequence[Row[Any]]:
    """Return jobs (``id``) of which the log of all jobs does not say what it should (``has``, ``should``)."""
    return session.execute(_LOG, {"after": after, "up_to": up_to}).all()


def mend_log(session: Session, job_id: int) -> None:
    """Write into the log of all jobs where a job stands."""
    session.execute(_MEND_LOG, {"job_id": job_id})


def live(session: Session, database: str) -> Sequence[Row[Any]]:
    """Return the live jobs of a species that have a job class."""
    return session.execute(_LIVE, {"database": database}).all()


def last_analysis(session: Session) -> int:
    """Return the highest id of an analysis."""
    return int(session.execute(_LAST_ANALYSIS).scalar_one())


def analyses(session: Session, types: Sequence[str], after: int, up_to: int) -> Sequence[Row[Any]]:
    """Return analyses of one job (``id``) that do not say how that stands (``has``, ``should``)."""
    return session.execute(_ANALYSES, {"types": list(types), "after": after, "up_to": up_to}).all()


def overdue(session: Session, after_s: float) -> Sequence[Row[Any]]:
    """Return results (``task_id``, ``job_id``) that nobody has settled for so long after their job ended."""
    return session.execute(_OVERDUE, {"after_s": after_s}).all()
