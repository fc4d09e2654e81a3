"""(c, d) Queries that apply what nodes report: fenced, so that only the live attempt of a live job counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from db.crobot.parking import CHANNEL as DISPATCH
from db.jsonb import as_json
from db.prepared import Prepared

#: (job id, number) of an attempt
Pair = tuple[int, int]

_REPORTED = "json_to_recordset(:reports) AS r(job_id bigint, number smallint)"

# Rows are locked in the order of their ids, here and below, so that two heads never wait for each other.
_STARTED = Prepared(
    f"""
    WITH routed AS (
        SELECT j.id FROM crobot.jobs j JOIN {_REPORTED} ON j.id = r.job_id AND j.attempt = r.number
        WHERE j.state = 'ROUTED' AND j.node = :node ORDER BY j.id FOR UPDATE OF j),
    begun AS (
        UPDATE crobot.jobs j SET state = 'RUNNING', started_at = now()
        FROM routed WHERE j.id = routed.id
        RETURNING j.id, j.attempt)
    UPDATE crobot.attempts a SET started_at = now(), incarnation = :incarnation, missing_since = NULL
    FROM begun b WHERE a.job_id = b.id AND a.number = b.attempt""",
    json=("reports",),
)

_LIVE = Prepared(
    """
    SELECT j.id, j.attempt, j.node, j.traceparent, j.database, j.type, j.pipeline, j.version, j.memory_bytes,
           j.time_limit_s, j.started_at IS NOT NULL AS begun, j.cancel_requested_at IS NOT NULL AS cancel_requested,
           j.message, j.context->'chosen' AS chosen,
           EXISTS (SELECT FROM crobot.numbers n WHERE j.id <= n.unsure_to AND j.attempt <= n.attempt_floor) AS unsure
    FROM crobot.jobs j JOIN json_to_recordset(:reports) AS r(job_id bigint, number smallint, node text)
      ON j.id = r.job_id AND j.attempt = r.number AND (r.node IS NULL OR r.node = j.node)
    WHERE j.state IN ('ROUTED', 'RUNNING')
    ORDER BY j.id FOR UPDATE OF j""",
    json=("reports",),
)

_END_ATTEMPTS = Prepared(
    f"""
    UPDATE crobot.attempts a
    SET ended_at = now(), started_at = COALESCE(a.started_at, CASE WHEN e.begun THEN now() END),
        outcome = e.outcome, message = e.message, usage = e.usage, by_head = e.by_head,
        progress_state = NULL, progress = NULL
    FROM json_to_recordset(:ends)
         AS e(job_id bigint, number smallint, outcome text, message text, usage jsonb, begun boolean, by_head boolean)
    WHERE a.job_id = e.job_id AND a.number = e.number AND a.ended_at IS NULL
    RETURNING pg_notify('{DISPATCH}', '')""",
    json=("ends",),
)

_END_JOBS = Prepared(
    """
    UPDATE crobot.jobs j
    SET state = e.state, finished_at = now(), started_at = COALESCE(j.started_at, CASE WHEN e.begun THEN now() END),
        outcome = e.outcome, message = e.message, result = e.result, output_location = e.output_location,
        traceback = e.traceback, replacement = e.replacement, children = e.children,
        cancel_requested_at = CASE WHEN e.unwanted THEN COALESCE(j.cancel_requested_at, now())
                                   ELSE j.cancel_requested_at END,
        unique_key = CASE WHEN e.unwanted THEN NULL ELSE j.unique_key END
    FROM json_to_recordset(:ends)
         AS e(job_id bigint, state text, outcome text, message text, result json, output_location text, begun boolean,
              traceback text, replacement json, children json, unwanted boolean)
    WHERE j.id = e.job_id AND j.state IN ('WAITING', 'ROUTED', 'RUNNING')
    RETURNING j.id, EXISTS (
        SELECT FROM crobot.webhooks w WHERE w.kind = 'job' AND w.number = j.id) AS is_to_be_posted""",
    json=("ends",),
)

_TRY_AGAIN = text("""
    UPDATE crobot.jobs
    SET state = 'WAITING', node = NULL, started_at = NULL, outcome = :outcome, message = :message,
        available_at = now() + make_interval(secs => :delay_s),
        memory_bytes = :memory_bytes, time_limit_s = :time_limit_s
    WHERE id = :job_id AND state IN ('ROUTED', 'RUNNING')""")

# Celery prefers the countdown if both are given.
_RUN_AGAIN = text("""
    UPDATE crobot.jobs
    SET state = 'WAITING', node = NULL, started_at = NULL, outcome = :outcome, message = :message, result = :result,
        args = :args, kwargs = :kwargs,
        request = (SELECT json_object_agg(said.key, said.value) FROM (
            SELECT key, value FROM json_each(request) WHERE key <> 'retries'
            UNION ALL SELECT 'retries', to_json(CAST(:retries AS int))) said),
        available_at = CASE WHEN CAST(:countdown_s AS double precision) IS NULL
                            THEN COALESCE(CAST(:eta AS timestamptz), now())
                            ELSE now() + make_interval(secs => CAST(:countdown_s AS double precision)) END,
        expires_at = COALESCE(CAST(:expires_at AS timestamptz),
                              now() + make_interval(secs => CAST(:expires_s AS double precision)), expires_at),
        time_limit_s = COALESCE(CAST(:time_limit_s AS int), time_limit_s),
        priority = COALESCE(CAST(:priority AS smallint), priority)
    WHERE id = :job_id AND state IN ('ROUTED', 'RUNNING')""").bindparams(*as_json("result", "args", "kwargs"))

# What was never begun, was stopped by an operator or asked to be run again says nothing about the job.
_HISTORY = text("""
    SELECT a.job_id, count(*) AS earlier, count(*) FILTER (WHERE a.outcome = 'node_lost') AS deaths
    FROM crobot.attempts a JOIN crobot.jobs j ON j.id = a.job_id AND a.number < j.attempt
    WHERE a.job_id = ANY(:job_ids) AND a.started_at IS NOT NULL AND a.outcome NOT IN ('node_stopped', 'retry')
    GROUP BY a.job_id""")

_LARGEST = text("""
    SELECT max(memory_bytes) FROM crobot.nodes
    WHERE pipelines->>:pipeline = :version AND heartbeat_at > now() - interval '1 day'""")

_IGNORED = """
    UPDATE {attempts} a SET reports_ignored = a.reports_ignored + 1
    FROM {reported} WHERE a.job_id = r.job_id AND a.number = r.number
    RETURNING a.job_id, a.number"""
_IGNORED_OF_HOT, _IGNORED_OF_PAST = (
    text(_IGNORED.format(attempts=attempts, reported=_REPORTED)).bindparams(*as_json("reports"))
    for attempts in ("crobot.attempts", "crobot.attempts_past")
)


def _ids(reports: Iterable[tuple[int, int]]) -> list[dict[str, int]]:
    return [{"job_id": job_id, "number": number} for job_id, number in reports]


def start(session: Session, attempts: Iterable[tuple[int, int]], node: str, incarnation: str) -> None:
    """ROUTED → RUNNING for (job id, attempt) pairs; those that are not live on this node are passed over."""
    _STARTED.rows(session, {"reports": _ids(attempts), "node": node, "incarnation": incarnation})


def lock_live(session: Session, attempts: Mapping[tuple[int, int], str | None]) -> Sequence[Any]:
    """Lock those (job id, attempt) pairs that are live, and on the node if one is named, ordered by id."""
    pairs = [{"job_id": key[0], "number": key[1], "node": node} for key, node in attempts.items()]
    return _LIVE.rows(session, {"reports": pairs})


def end_attempts(session: Session, ends: Sequence[dict[str, Any]]) -> None:
    """Close attempts with ``outcome``, ``message``, ``usage``, ``by_head``; dispatchers hear that there is room.

    ``begun`` fills in a start that was never reported.
    """
    _END_ATTEMPTS.rows(session, {"ends": list(ends)})


def end_jobs(session: Session, ends: Sequence[dict[str, Any]]) -> list[int]:
    """Give live jobs their terminal ``state`` with ``outcome``, ``message``, ``result`` and more.

    ``unwanted`` notes besides that somebody no longer wanted it, as `jobs.request_cancel` does.

    Returns:
        Those whose outcome is to be posted somewhere.
    """
    return [row.id for row in _END_JOBS.rows(session, {"ends": list(ends)}) if row.is_to_be_posted]


def try_again(session: Session, **values: Any) -> None:
    """(f, g) Put a job back among the waiting ones, not to be dispatched before ``delay_s`` seconds."""
    session.execute(_TRY_AGAIN, values)


def run_again(session: Session, **values: Any) -> None:
    """(g) Put a job back among the waiting ones, as its body asked: `again_columns`, outcome, message and result."""
    session.execute(_RUN_AGAIN, values)


def history(session: Session, job_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Job id → (attempts before the live one that count, those of them whose process or node was lost)."""
    rows = session.execute(_HISTORY, {"job_ids": list(job_ids)})
    return {row.job_id: (row.earlier, row.deaths) for row in rows}


def largest_memory_bytes(session: Session, pipeline: str, version: str) -> int | None:
    """Memory of the largest node heard within a day that offers the pipeline; None if there is none."""
    return session.execute(_LARGEST, {"pipeline": pipeline, "version": version}).scalar()


def count_ignored(session: Session, attempts: Iterable[Pair]) -> set[Pair]:
    """Count reports that changed nothing; returns those of their attempts that are known."""
    wanted = set(attempts)
    counted = _count_ignored(session, _IGNORED_OF_HOT, wanted)
    if past := wanted - counted:
        counted |= _count_ignored(session, _IGNORED_OF_PAST, past)
    return counted


def _count_ignored(session: Session, statement: TextClause, attempts: set[Pair]) -> set[Pair]:
    return {
        (row.job_id, row.number) for row in session.execute(statement, {"reports": _ids(sorted(attempts))})
    }
