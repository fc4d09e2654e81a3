"""(c) Queries on how far attempts are, as their bodies say, and what Celery would say of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.crobot.settlements import SETTLED_JOB
from db.jsonb import as_json
from db.prepared import Prepared

# Only the live attempt of a live job counts, and what is told again writes nothing.
_NOTE = text("""
    WITH live AS (
        SELECT a.job_id, a.number, r.state, r.meta
        FROM json_to_recordset(:told) AS r(job_id bigint, number smallint, state text, meta json)
        JOIN crobot.jobs j ON j.id = r.job_id AND j.attempt = r.number AND j.node = :node
        JOIN crobot.attempts a ON a.job_id = r.job_id AND a.number = r.number
        WHERE j.state IN ('ROUTED', 'RUNNING') AND a.ended_at IS NULL
        ORDER BY a.job_id FOR UPDATE OF a)
    UPDATE crobot.attempts a SET progress_state = live.state, progress = live.meta
    FROM live
    WHERE a.job_id = live.job_id AND a.number = live.number
      AND (a.progress_state, CAST(a.progress AS text)) IS DISTINCT FROM (live.state, CAST(live.meta AS text))
    RETURNING a.job_id""").bindparams(*as_json("told"))

_STANDING = """
    SELECT {settled_job}, j.outcome, a.progress_state, a.progress, s.sent_at > now() - interval '1 day' AS is_young,
           EXISTS (SELECT FROM {settlements} o JOIN {jobs} r ON r.id = o.job_id
                   WHERE o.task_id = s.task_id AND o.sent_at < s.sent_at AND r.replacement IS NOT NULL
                     {of_sends}) AS replaces
    FROM {settlements} s JOIN {jobs} j ON j.id = s.job_id
    LEFT JOIN crobot.attempts a ON a.job_id = j.id AND a.number = j.attempt AND a.ended_at IS NULL
    WHERE"""
_OF_LIVE = _STANDING.format(
    settled_job=SETTLED_JOB, settlements="crobot.settlements", jobs="crobot.jobs", of_sends=""
)
_OF_TASKS = Prepared(f"{_OF_LIVE} s.task_id = ANY(:task_ids) ORDER BY s.sent_at")
# Where the newest send of a task id may be a past one, in two steps, as `settlements.outcomes` does.
_SENDS = text("SELECT DISTINCT job_id FROM crobot.all_settlements WHERE task_id = ANY(:task_ids)")
_OF_ALL = _STANDING.format(
    settled_job=SETTLED_JOB,
    settlements="crobot.all_settlements",
    jobs="crobot.all_jobs",
    of_sends="AND o.job_id = ANY(:job_ids) AND r.id = ANY(:job_ids)",
)
_OF_OLD = text(f"""
    {_OF_ALL} s.task_id = ANY(:task_ids) AND s.job_id = ANY(:job_ids) AND j.id = ANY(:job_ids)
    ORDER BY s.sent_at""")
_OF_JOBS = text(f"{_OF_LIVE} s.job_id = ANY(:job_ids) AND NOT s.ignore_result")

_PARTS = text("""
    SELECT j.id, a.progress FROM crobot.jobs j
    JOIN crobot.attempts a ON a.job_id = j.id AND a.number = j.attempt
    WHERE j.id = ANY(:job_ids) AND a.ended_at IS NULL AND a.progress IS NOT NULL""")


def note(session: Session, node: str, told: Sequence[dict[str, Any]]) -> Sequence[int]:
    """Note what a node's bodies say (``job_id``, ``number``, ``state``, ``meta``); return the jobs with news."""
    return session.execute(_NOTE, {"node": node, "told": list(told)}).scalars().all()


def standing(session: Session, task_ids: Sequence[str]) -> dict[str, Any]:
    """Public task id → where its job stands, of those that have one."""
    found = {row.task_id: row for row in _OF_TASKS.rows(session, {"task_ids": list(task_ids)})}
    young = {task_id: row for task_id, row in found.items() if row.is_young}
    others = sorted(set(task_ids) - young.keys())
    return young | (_standing_of_old(session, others) if others else {})


def _standing_of_old(session: Session, task_ids: Sequence[str]) -> dict[str, Any]:
    values = {"task_ids": list(task_ids)}
    if not (job_ids := session.execute(_SENDS, values).scalars().all()):
        return {}
    return {row.task_id: row for row in session.execute(_OF_OLD, values | {"job_ids": job_ids})}


def awaited(session: Session, job_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """The same, of each result of these jobs that somebody may wait for."""
    return session.execute(_OF_JOBS, {"job_ids": list(job_ids)}).all()


def of_jobs(session: Session, job_ids: Sequence[int]) -> dict[int, Any]:
    """Job id → what its body says of how far it is, of those at work whose body says so."""
    return {row.id: row.progress for row in session.execute(_PARTS, {"job_ids": list(job_ids)})}
