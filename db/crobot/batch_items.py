"""Queries on the items of batches: the slices in which they are sent, how they stand, and how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.arrays import array
from db.crobot import LIVE_SQL
from db.jsonb import as_json

_ADD_ITEMS = text("""
    INSERT INTO crobot.batch_items (batch_id, number, key, call, skipped)
    SELECT :batch_id, :size + place, key, call, skipped
    FROM unnest(CAST(:key AS text[]), CAST(:call AS json[]), CAST(:skipped AS text[])) WITH ORDINALITY
        AS r(key, call, skipped, place)""")

_GROW = text("UPDATE crobot.batches SET size = size + :items, ended_at = NULL WHERE id = :batch_id")

_GO_ON = text("UPDATE crobot.batches SET ended_at = NULL WHERE id = :batch_id")

_HAS = text("SELECT key FROM crobot.batch_items WHERE batch_id = :batch_id AND key = ANY(:keys)")

_SLICE = text("""
    INSERT INTO crobot.batch_slices (batch_id, number, first_item, last_item)
    SELECT b.id, COALESCE(s.number, 0) + 1, COALESCE(s.last_item, 0) + 1,
           LEAST(b.size, COALESCE(s.last_item, 0) + b.slice_size)
    FROM crobot.batches b
    LEFT JOIN LATERAL (SELECT number, last_item FROM crobot.batch_slices
                       WHERE batch_id = b.id ORDER BY number DESC LIMIT 1) s ON true
    WHERE b.id = :batch_id AND b.size > COALESCE(s.last_item, 0)
    RETURNING number, first_item, last_item""")

_ITEMS = text("""
    SELECT number, key, CAST(call AS text) AS call FROM crobot.batch_items
    WHERE batch_id = :batch_id AND number BETWEEN :first_item AND :last_item AND skipped = '' ORDER BY number""")

_SENT = text("""
    UPDATE crobot.batch_items i SET job_id = r.job_id, cached = r.cached, skipped = r.skipped
    FROM json_to_recordset(:rows) AS r(number int, job_id bigint, cached boolean, skipped text)
    WHERE i.batch_id = :batch_id AND i.number = r.number""").bindparams(*as_json("rows"))

_JOB = text("SELECT job_id FROM crobot.batch_items WHERE batch_id = :batch_id AND number = :number")

# How an item stands. One that was left out has no job; the row of a job may have been removed since it ended.
_STATE = """CASE WHEN i.skipped <> '' THEN 'skipped' WHEN i.cached THEN 'cached' WHEN i.job_id IS NULL THEN 'unsent'
                 ELSE COALESCE(j.state, 'forgotten') END"""
_OUTCOME = "CASE WHEN j.state = 'FAILED' AND NOT i.cached THEN COALESCE(j.outcome, '') ELSE '' END"
_SUM_CPU_S = """COALESCE(sum(CASE WHEN jsonb_typeof(a.usage -> 'cpu_s') = 'number'
                                  THEN CAST(a.usage ->> 'cpu_s' AS float8) END), 0)"""


def _sent(slices: str) -> str:
    """Return CTEs: the items of these slices `s`, and the numbers of their jobs, a row for each thousand numbers.

    The planner cannot guess how many items lie between two numbers, and would read whole tables: OFFSET 0 keeps it to
    the way by the indexes.
    """
    return f"""
    items AS MATERIALIZED (
        SELECT s.batch_id, s.number AS slice, i.job_id, i.cached, i.skipped
        FROM crobot.batch_slices s CROSS JOIN LATERAL (
            SELECT job_id, cached, skipped FROM crobot.batch_items
            WHERE batch_id = s.batch_id AND number BETWEEN s.first_item AND s.last_item OFFSET 0) i
        WHERE {slices}),
    sent AS MATERIALIZED (
        SELECT array_agg(job_id) AS ids, min(job_id) AS first, max(job_id) AS last
        FROM items GROUP BY job_id / 1000)"""


def _states(slices: str) -> str:
    """Return CTEs, of which the last one, `states`, has how many items of these slices `s` are in which state.

    Jobs and attempts are looked up by many numbers at once: one by one it takes twice as long. The first and the last
    number leave out the partitions of other jobs. The planner guesses far too few of them, and would compare each item
    with each job: a FULL JOIN is never done so. As each job is one of an item, it gives the rows of a LEFT JOIN.
    """
    return f"""{_sent(slices)},
    jobs AS MATERIALIZED (
        SELECT j.* FROM sent CROSS JOIN LATERAL (
            SELECT id, state, outcome FROM crobot.all_jobs
            WHERE id = ANY(sent.ids) AND id BETWEEN sent.first AND sent.last OFFSET 0) j),
    costs AS MATERIALIZED (
        SELECT a.* FROM sent CROSS JOIN LATERAL (
            SELECT job_id, {_SUM_CPU_S} AS cpu_s FROM crobot.all_attempts a
            WHERE job_id = ANY(sent.ids) AND job_id BETWEEN sent.first AND sent.last GROUP BY job_id OFFSET 0) a),
    states AS (
        SELECT i.batch_id, i.slice, {_STATE} AS state, {_OUTCOME} AS outcome, count(*) AS items,
               COALESCE(sum(c.cpu_s) FILTER (WHERE NOT i.cached), 0) AS cpu_s
        FROM items i FULL JOIN jobs j ON j.id = i.job_id FULL JOIN costs c ON c.job_id = i.job_id
        GROUP BY 1, 2, 3, 4)"""


_ENDS_OF_CLOSED = text("""
    SELECT s.batch_id, e.state, e.outcome, sum(e.items) AS items, sum(e.cpu_s) AS cpu_s
    FROM crobot.batch_slices s,
         json_to_recordset(s.ends) AS e(state text, outcome text, items int, cpu_s float8)
    WHERE s.batch_id = ANY(:batch_ids) AND s.closed_at IS NOT NULL GROUP BY s.batch_id, e.state, e.outcome""")

_STATES_OF_OPEN = text(f"""
    WITH {_states("s.closed_at IS NULL AND s.batch_id = ANY(:batch_ids)")}
    SELECT batch_id, state, outcome, CAST(sum(items) AS bigint) AS items, sum(cpu_s) AS cpu_s
    FROM states GROUP BY 1, 2, 3""")

# Of the last slice and of the first one each batch has one: both are found by one step through the index.
_SENDING = text("""
    SELECT b.id, b.size - COALESCE(latest.last_item, 0) AS unsent, earliest.sent_at AS began_at
    FROM crobot.batches b
    LEFT JOIN LATERAL (SELECT last_item FROM crobot.batch_slices
                       WHERE batch_id = b.id ORDER BY number DESC LIMIT 1) latest ON true
    LEFT JOIN LATERAL (SELECT sent_at FROM crobot.batch_slices
                       WHERE batch_id = b.id ORDER BY number LIMIT 1) earliest ON true
    WHERE b.id = ANY(:batch_ids)""")

_CLOSE = text(f"""
    WITH {_states("s.closed_at IS NULL AND s.batch_id = :batch_id")},
    over AS (
        SELECT slice, json_agg(json_build_object('state', state, 'outcome', outcome, 'items', items,
                                                 'cpu_s', cpu_s)) AS ends
        FROM states GROUP BY slice HAVING NOT bool_or({LIVE_SQL}))
    UPDATE crobot.batch_slices s SET closed_at = now(), ends = over.ends
    FROM over WHERE s.batch_id = :batch_id AND s.number = over.slice""")

_REOPEN = text("""
    UPDATE crobot.batch_slices s SET closed_at = NULL, ends = NULL
    FROM crobot.batch_items i
    WHERE s.batch_id = :batch_id AND i.batch_id = :batch_id AND i.number = ANY(:numbers)
      AND i.number BETWEEN s.first_item AND s.last_item""")

_MISCOUNTED = text(f"""
    WITH {_states("s.closed_at IS NOT NULL AND s.batch_id = :batch_id")},
    found AS (SELECT slice, jsonb_object_agg(state || ' ' || outcome, items) AS is_now FROM states GROUP BY slice)
    SELECT s.number
    FROM found JOIN crobot.batch_slices s ON s.number = found.slice
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(state || ' ' || outcome, items) AS was_then
        FROM json_to_recordset(s.ends) AS e(state text, outcome text, items int)) counted
    -- of jobs whose rows were removed since, the count is all that is left
    WHERE s.batch_id = :batch_id AND found.is_now <> counted.was_then AND NOT found.is_now ? 'forgotten '
    ORDER BY s.number""")

_REOPEN_SLICES = text("""
    UPDATE crobot.batch_slices SET closed_at = NULL, ends = NULL
    WHERE batch_id = :batch_id AND number = ANY(:slices)""")

_LIVE = text(f"""
    WITH {_sent("s.closed_at IS NULL AND s.batch_id = :batch_id")}
    SELECT count(*) FROM sent CROSS JOIN LATERAL (
        SELECT FROM crobot.jobs
        WHERE id = ANY(sent.ids) AND id BETWEEN sent.first AND sent.last AND {LIVE_SQL} OFFSET 0) j""")

_FAILED = text("""
    SELECT i.number, i.job_id, j.outcome
    FROM crobot.batch_items i JOIN crobot.all_jobs j ON j.id = i.job_id
    WHERE i.batch_id = :batch_id AND NOT i.cached AND j.state = 'FAILED'
      AND (CAST(:outcome AS text) IS NULL OR j.outcome = :outcome) ORDER BY i.number""")

_ACCOUNT = text(f"""
    SELECT i.number, i.key, i.job_id, {_OUTCOME} AS outcome,
           CASE WHEN i.job_id IS NULL AND i.skipped = '' AND b.cancelled_at IS NOT NULL THEN 'CANCELLED' ELSE {_STATE}
           END AS state,
           CASE WHEN i.skipped <> '' THEN i.skipped ELSE j.message END AS message,
           j.sent_at, j.started_at, j.finished_at, tried.attempts, tried.wall_s, tried.cpu_s,
           CASE WHEN i.key <> '' THEN i.call ->> 'strain' END AS strain,
           CASE WHEN i.key <> '' THEN i.call ->> 'lines' END AS lines
    FROM crobot.batch_items i
    JOIN crobot.batches b ON b.id = i.batch_id
    LEFT JOIN crobot.all_jobs j ON j.id = i.job_id
    LEFT JOIN LATERAL (SELECT count(*) AS attempts,
                              CAST(COALESCE(sum(EXTRACT(epoch FROM a.ended_at - a.started_at)), 0) AS float8) AS wall_s,
                              {_SUM_CPU_S} AS cpu_s
                       FROM crobot.all_attempts a WHERE a.job_id = i.job_id AND NOT i.cached) tried ON true
    WHERE i.batch_id = :batch_id AND i.number > :after ORDER BY i.number LIMIT :limit""")


def add_items(session: Session, batch_id: int, size: int, rows: Sequence[dict[str, str | None]]) -> None:
    """Append items (``key``, ``call`` as JSON's text, ``skipped``) to a batch that is locked and has ``size`` now."""
    columns = {name: array([row[name] for row in rows]) for name in ("key", "call", "skipped")}
    session.execute(_ADD_ITEMS, {"batch_id": batch_id, "size": size, **columns})
    session.execute(_GROW, {"batch_id": batch_id, "items": len(rows)})


def already(session: Session, batch_id: int, keys: Sequence[str]) -> set[str]:
    """Return those of these keys that the batch has."""
    return set(session.execute(_HAS, {"batch_id": batch_id, "keys": list(keys)}).scalars())


def next_slice(session: Session, batch_id: int) -> Row[Any] | None:
    """Begin the next slice (``number``, ``first_item``, ``last_item``); None if all was sent."""
    return session.execute(_SLICE, {"batch_id": batch_id}).one_or_none()


def items(session: Session, batch_id: int, slice_: Row[Any]) -> Sequence[Row[Any]]:
    """Return what a slice is to send (``number``, ``key``, ``call`` as text)."""
    span = {"first_item": slice_.first_item, "last_item": slice_.last_item}
    return session.execute(_ITEMS, {"batch_id": batch_id, **span}).all()


def note_sent(session: Session, batch_id: int, rows: Sequence[dict[str, Any]]) -> None:
    """Note what became of items: ``number``, ``job_id``, ``cached``, ``skipped``."""
    session.execute(_SENT, {"batch_id": batch_id, "rows": list(rows)})


def job_of(session: Session, batch_id: int, number: int) -> int | None:
    """Return the newest job of an item."""
    job_id: int | None = session.execute(_JOB, {"batch_id": batch_id, "number": number}).scalar()
    return job_id


def close_slices(session: Session, batch_id: int) -> None:
    """Count how the items of each open slice ended of which no job is live any more."""
    session.execute(_CLOSE, {"batch_id": batch_id})


def reopen(session: Session, batch_id: int, numbers: Sequence[int]) -> None:
    """Open the slices of these items again, which have new jobs."""
    session.execute(_REOPEN, {"batch_id": batch_id, "numbers": list(numbers)})
    session.execute(_GO_ON, {"batch_id": batch_id})


def states(session: Session, batch_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """Return how many items of each batch are in which ``state``, failed with which ``outcome``, and their CPU seconds.

    Slices that are closed were counted then; only items of open ones are looked at.
    """
    values = {"batch_ids": list(batch_ids)}
    return [*session.execute(_ENDS_OF_CLOSED, values), *session.execute(_STATES_OF_OPEN, values)]


def sending(session: Session, batch_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Batch → how many items no slice has sent yet (``unsent``), and when its first slice was sent (``began_at``)."""
    return {row.id: row for row in session.execute(_SENDING, {"batch_ids": list(batch_ids)})}


def live(session: Session, batch_id: int) -> int:
    """Return how many of its jobs are live."""
    return int(session.execute(_LIVE, {"batch_id": batch_id}).scalar_one())


def failed(session: Session, batch_id: int, outcome: str | None = None) -> Sequence[Row[Any]]:
    """Return the items (``number``, ``job_id``, ``outcome``) that failed, with this outcome if one is given."""
    return session.execute(_FAILED, {"batch_id": batch_id, "outcome": outcome}).all()


def account(session: Session, batch_id: int, after: int, limit: int) -> Sequence[Row[Any]]:
    """Return items after a number, each with where it stands, its job's times and message, and what it has cost."""
    return session.execute(_ACCOUNT, {"batch_id": batch_id, "after": after, "limit": limit}).all()


def miscounted(session: Session, batch_id: int) -> Sequence[int]:
    """Return the closed slices of which the count at their end is not that of their items now."""
    return session.execute(_MISCOUNTED, {"batch_id": batch_id}).scalars().all()


def reopen_slices(session: Session, batch_id: int, slices: Sequence[int]) -> None:
    """Have slices counted again."""
    session.execute(_REOPEN_SLICES, {"batch_id": batch_id, "slices": list(slices)})
    session.execute(_GO_ON, {"batch_id": batch_id})
