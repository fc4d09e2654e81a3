"""Queries on jobs for people and job classes: find, show, list, count, cancel.

What asks for jobs that may have ended long ago reads the views of live and past ones, `crobot.all_jobs`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session

from db.crobot import JobState
from db.crobot.models.jobs import Job
from db.crobot.selection import ALL, OF_LIVE, OF_OVER, Selection
from db.prepared import Prepared

_JOB = text("SELECT * FROM crobot.all_jobs WHERE id = :job_id")
_STATES = text("SELECT id, state FROM crobot.all_jobs WHERE id = ANY(:job_ids)")
_OF_SENDS = text("""
    SELECT CAST(s.id AS text) AS id, s.job_id, COALESCE(j.request->>'id' <> s.task_id, false) AS joined
    FROM crobot.settlements s JOIN unnest(CAST(:ids AS uuid[])) AS sent(id) ON s.id = sent.id
    JOIN crobot.jobs j ON j.id = s.job_id""")
_DATABASES = text("SELECT id, database FROM crobot.all_jobs WHERE id = ANY(:job_ids)")
_KINDS = Prepared("SELECT id, database, type FROM crobot.jobs WHERE id = ANY(:job_ids)")
_ATTEMPTS = text("SELECT * FROM crobot.all_attempts WHERE job_id = :job_id ORDER BY number")
_TASK = text("""
    SELECT job_id FROM crobot.all_settlements WHERE task_id = :task_id ORDER BY sent_at DESC LIMIT 1""")

#: what is told of a job that is one of many
LISTED = """
           id, pipeline, version, type, tag, database, batch, user_id, workgroup, priority, state, attempt, node,
           outcome, message, cores, memory_bytes, disk_bytes,
           sent_at, started_at, finished_at, available_at, cancel_requested_at, held_at, hold_reason,
           (SELECT json_build_object('state', a.progress_state, 'meta', a.progress) FROM crobot.attempts a
            WHERE a.job_id = jobs.id AND a.number = jobs.attempt AND a.progress_state IS NOT NULL) AS progress"""
_LIST = f"""
    SELECT {LISTED}, EXTRACT(epoch FROM COALESCE(finished_at, now()) - started_at) AS run_s
    FROM {{jobs}} jobs
    WHERE (CAST(:before AS bigint) IS NULL OR id < :before)
      AND {{these}} ORDER BY id DESC LIMIT :limit"""
_LIST_LIVE = text(_LIST.format(jobs="crobot.jobs", these=OF_LIVE))
_LIST_OVER = text(_LIST.format(jobs="crobot.all_jobs", these=OF_OVER))

_NODES = text("""
    SELECT n.*, EXTRACT(epoch FROM now() - n.heartbeat_at) AS silent_s,
           COALESCE(l.live, 0) AS live, COALESCE(l.cores_used, 0) AS cores_used
    FROM crobot.nodes n LEFT JOIN (
        SELECT node, count(*) AS live, sum(cores) AS cores_used
        FROM crobot.attempts WHERE ended_at IS NULL GROUP BY node) l ON l.node = n.name
    ORDER BY n.name""")

_CACHED = text("""
    SELECT k.cache_key, j.id, j.context FROM unnest(CAST(:cache_keys AS text[])) AS k(cache_key) CROSS JOIN LATERAL (
        (SELECT id, context FROM crobot.jobs
         WHERE cache_key = k.cache_key AND state = 'COMPLETE' ORDER BY id DESC LIMIT 1)
        UNION ALL
        SELECT job_id, context FROM crobot.past_answers WHERE cache_key = k.cache_key
        ORDER BY id DESC LIMIT 1) j""")

_TYPED = Prepared(
    f"SELECT {', '.join(Job.__table__.columns.keys())} FROM crobot.jobs WHERE id = ANY(:job_ids) AND type <> ''"
)
_LOCK = text(
    "SELECT id, attempt, state, node, type FROM crobot.jobs WHERE id = ANY(:job_ids) ORDER BY id FOR UPDATE"
)
_REQUEST_CANCEL = text("""
    UPDATE crobot.jobs
    SET cancel_requested_at = COALESCE(cancel_requested_at, now()), unique_key = NULL, message = :reason
    WHERE id = ANY(:job_ids)""")

_HEARTBEATS_READ = text("SELECT EXTRACT(epoch FROM now() - heartbeats_read_at) FROM crobot.monitoring")


def find(session: Session, job_id: int) -> Row[Any] | None:
    """One job, all columns."""
    return session.execute(_JOB, {"job_id": job_id}).one_or_none()


def cached(session: Session, cache_keys: Collection[str]) -> dict[str, Row[Any]]:
    """Key → the latest job that is COMPLETE and has it, with ``id`` and ``context``; without the keys of none."""
    rows = session.execute(_CACHED, {"cache_keys": list(cache_keys)})
    return {row.cache_key: row for row in rows}


def attempts(session: Session, job_id: int) -> Sequence[Row[Any]]:
    """The history of a job's attempts, first to last."""
    return session.execute(_ATTEMPTS, {"job_id": job_id}).all()


def by_task_id(session: Session, task_id: str) -> int | None:
    """The job that was last sent with a public Celery task id."""
    return session.execute(_TASK, {"task_id": task_id}).scalar()


def listing(
    session: Session,
    selection: Selection = ALL,
    *,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Row[Any]]:
    """Jobs, the newest first, with ``run_s`` in seconds and ``progress``; ``before`` is the id to page on from."""
    page = {"before": before, "limit": limit}
    parts = selection.parts(_LIST_LIVE, _LIST_OVER)
    # by number: one that ends meanwhile is found among the live ones, and again among those that are over
    rows = {row.id: row for part, values in parts for row in session.execute(part, values | page)}
    return [rows[job_id] for job_id in sorted(rows, reverse=True)[:limit]]


def nodes(session: Session) -> Sequence[Row[Any]]:
    """Every node with its live attempts, the cores they use, and seconds since its last heartbeat."""
    return session.execute(_NODES).all()


def lock(session: Session, job_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """Lock jobs' rows for a change of state, in the order of their ids."""
    return session.execute(_LOCK, {"job_ids": list(job_ids)}).all()


def request_cancel(session: Session, job_ids: Sequence[int], reason: str) -> None:
    """Note that somebody no longer wants the jobs, and why; who sends the same again gets a new one."""
    session.execute(_REQUEST_CANCEL, {"job_ids": list(job_ids), "reason": reason})


def heartbeats_read_s_ago(session: Session) -> float | None:
    """Seconds since a head last read all heartbeats; None if never."""
    value = session.execute(_HEARTBEATS_READ).scalar()
    return None if value is None else float(value)


def states(session: Session, job_ids: Sequence[int]) -> dict[int, JobState]:
    """Job id → its state, of those that exist."""
    return {row.id: JobState(row.state) for row in session.execute(_STATES, {"job_ids": list(job_ids)})}


def databases(session: Session, job_ids: Sequence[int]) -> dict[int, str | None]:
    """Job id → its species' schema, of live and past ones."""
    return {row.id: row.database for row in session.execute(_DATABASES, {"job_ids": list(job_ids)})}


def of_sends(session: Session, settlement_ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Settlement's id → ``job_id``, and ``joined``: another send had made that job; of those that were sent."""
    return {row.id: row for row in session.execute(_OF_SENDS, {"ids": list(settlement_ids)})}


def kinds(session: Session | Connection, job_ids: Sequence[int]) -> dict[int, Any]:
    """Job id → ``database``, its species' schema, if any, and ``type``, empty without a job class; not of past jobs."""
    return {row.id: row for row in _KINDS.rows(session, {"job_ids": list(job_ids)})}


def typed(session: Session, job_ids: Sequence[int]) -> dict[int, Any]:
    """Job id → all columns, of those that have a job class."""
    return {row.id: row for row in _TYPED.rows(session, {"job_ids": list(job_ids)})}
