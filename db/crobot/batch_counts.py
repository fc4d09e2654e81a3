"""Queries on how the items of batches stand: those of closed slices were counted, the others are looked at.

When no job of a slice is live any more, its items are counted, and it is closed: however large a batch is, only what
moves is looked at. An item that is sent again leaves the count of its slice, and comes back to it when it is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.crobot import LIVE_SQL

# How an item `i` stands, whose job is `j`. One that was left out has no job; the row of a job may have been removed
# since it ended.
STATE = """CASE WHEN i.skipped <> '' THEN 'skipped' WHEN i.cached THEN 'cached' WHEN i.job_id IS NULL THEN 'unsent'
                ELSE COALESCE(j.state, 'forgotten') END"""
OUTCOME = "CASE WHEN j.state = 'FAILED' AND NOT i.cached THEN COALESCE(j.outcome, '') ELSE '' END"
SUM_CPU_S = """COALESCE(sum(CASE WHEN jsonb_typeof(a.usage -> 'cpu_s') = 'number'
                                 THEN CAST(a.usage ->> 'cpu_s' AS float8) END), 0)"""

# The planner cannot guess how many items lie between two numbers, and would read whole tables: OFFSET 0 keeps it to the
# way by the indexes.
_OF_SLICES = """
    SELECT s.batch_id, s.number AS slice, i.*
    FROM crobot.batch_slices s CROSS JOIN LATERAL (
        SELECT number, job_id, cached, skipped FROM crobot.batch_items
        WHERE batch_id = s.batch_id AND number BETWEEN s.first_item AND s.last_item OFFSET 0) i"""
_OPEN = f"{_OF_SLICES} WHERE s.closed_at IS NULL AND s.batch_id = ANY(:batch_ids)"
_RESENT = """
    SELECT r.batch_id, r.slice, i.*
    FROM crobot.batch_resends r CROSS JOIN LATERAL (
        SELECT number, job_id, cached, skipped FROM crobot.batch_items
        WHERE batch_id = r.batch_id AND number = r.number OFFSET 0) i
    WHERE r.batch_id = ANY(:batch_ids)"""
_IS_COUNTED = (
    "NOT EXISTS (SELECT FROM crobot.batch_resends r WHERE r.batch_id = i.batch_id AND r.number = i.number)"
)
_COUNTED = f"""
    SELECT * FROM ({_OF_SLICES} WHERE s.closed_at IS NOT NULL AND s.batch_id = ANY(:batch_ids)) i WHERE {_IS_COUNTED}"""
_COUNTED_BY_NUMBER = f"""
    SELECT i.batch_id, s.slice, i.number, i.job_id, i.cached, i.skipped
    FROM crobot.batch_items i CROSS JOIN LATERAL (
        SELECT number AS slice FROM crobot.batch_slices
        WHERE batch_id = i.batch_id AND i.number BETWEEN first_item AND last_item AND closed_at IS NOT NULL) s
    WHERE i.batch_id = ANY(:batch_ids) AND i.number = ANY(:numbers) AND {_IS_COUNTED}"""


def _sent(items: str) -> str:
    """Return CTEs: these items, and the numbers of their jobs, a row for each thousand numbers."""
    return f"""
    items AS MATERIALIZED ({items}),
    sent AS MATERIALIZED (
        SELECT array_agg(job_id) AS ids, min(job_id) AS first, max(job_id) AS last
        FROM items GROUP BY job_id / 1000)"""


def _each(items: str) -> str:
    """Return CTEs, of which the last one, `each`, has the state of each of these items, and the CPU seconds of its job.

    Jobs and attempts are looked up by many numbers at once: one by one it takes twice as long. The first and the last
    number leave out the partitions of other jobs. The planner guesses far too few of them, and would compare each item
    with each job: a FULL JOIN is never done so. As each job is one of an item, it gives the rows of a LEFT JOIN.

    These CTEs are of all slices. Within a LATERAL, for one slice at a time, PostgreSQL 18 gave the jobs of one slice to
    the next.
    """
    return f"""{_sent(items)},
    jobs AS MATERIALIZED (
        SELECT j.* FROM sent CROSS JOIN LATERAL (
            SELECT id, state, outcome FROM crobot.all_jobs
            WHERE id = ANY(sent.ids) AND id BETWEEN sent.first AND sent.last OFFSET 0) j),
    costs AS MATERIALIZED (
        SELECT a.* FROM sent CROSS JOIN LATERAL (
            SELECT job_id, {SUM_CPU_S} AS cpu_s FROM crobot.all_attempts a
            WHERE job_id = ANY(sent.ids) AND job_id BETWEEN sent.first AND sent.last GROUP BY job_id OFFSET 0) a),
    each AS (
        SELECT i.batch_id, i.slice, i.number, {STATE} AS state, {OUTCOME} AS outcome,
               CASE WHEN i.cached THEN 0 ELSE COALESCE(c.cpu_s, 0) END AS cpu_s
        FROM items i FULL JOIN jobs j ON j.id = i.job_id FULL JOIN costs c ON c.job_id = i.job_id)"""


_STATES_OF_SLICES = """
    states AS (SELECT slice, state, outcome, count(*) AS items, sum(cpu_s) AS cpu_s FROM {0} GROUP BY 1, 2, 3)"""
_ENDS = "json_to_recordset(s.ends) AS e(state text, outcome text, items int, cpu_s float8)"


def _change_ends(sign: str) -> str:
    """Return the end of a statement, that adds `states` to the counts of their slices, or takes them off."""
    return f"""
    UPDATE crobot.batch_slices s SET ends = (
        SELECT COALESCE(json_agg(sums), '[]') FROM (
            SELECT state, outcome, sum(items) AS items, sum(cpu_s) AS cpu_s
            FROM (SELECT state, outcome, items, cpu_s FROM {_ENDS}
                  UNION ALL
                  SELECT state, outcome, {sign} items, {sign} cpu_s FROM states WHERE slice = s.number) counts
            GROUP BY 1, 2 HAVING sum(items) > 0) sums)
    FROM (SELECT DISTINCT slice FROM states) changed
    WHERE s.batch_id = ANY(:batch_ids) AND s.number = changed.slice"""


_STATES_OF_COUNTED = text(f"""
    SELECT s.batch_id, e.state, e.outcome, sum(e.items) AS items, sum(e.cpu_s) AS cpu_s
    FROM crobot.batch_slices s, {_ENDS}
    WHERE s.batch_id = ANY(:batch_ids) AND s.closed_at IS NOT NULL GROUP BY s.batch_id, e.state, e.outcome""")

_STATES_OF_OTHERS = text(f"""
    WITH {_each(f"{_OPEN} UNION ALL {_RESENT}")}
    SELECT batch_id, state, outcome, count(*) AS items, sum(cpu_s) AS cpu_s FROM each GROUP BY 1, 2, 3""")

# Of the last slice and of the first one each batch has one: both are found by one step through the index.
_SENDING = text("""
    SELECT b.id, b.size - COALESCE(latest.last_item, 0) AS unsent, earliest.sent_at AS began_at
    FROM crobot.batches b
    LEFT JOIN LATERAL (SELECT last_item FROM crobot.batch_slices
                       WHERE batch_id = b.id ORDER BY number DESC LIMIT 1) latest ON true
    LEFT JOIN LATERAL (SELECT sent_at FROM crobot.batch_slices
                       WHERE batch_id = b.id ORDER BY number LIMIT 1) earliest ON true
    WHERE b.id = ANY(:batch_ids)""")

_LIVE = text(f"""
    WITH {_sent(f"{_OPEN} UNION ALL {_RESENT}")}
    SELECT count(*) FROM sent CROSS JOIN LATERAL (
        SELECT FROM crobot.jobs
        WHERE id = ANY(sent.ids) AND id BETWEEN sent.first AND sent.last AND {LIVE_SQL} OFFSET 0) j""")

_CLOSE_SLICES = text(f"""
    WITH {_each(_OPEN)},
    {_STATES_OF_SLICES.format("each")},
    over AS (
        SELECT slice, json_agg(json_build_object('state', state, 'outcome', outcome, 'items', items,
                                                 'cpu_s', cpu_s)) AS ends
        FROM states GROUP BY slice HAVING NOT bool_or({LIVE_SQL}))
    UPDATE crobot.batch_slices s SET closed_at = now(), ends = over.ends
    FROM over WHERE s.batch_id = ANY(:batch_ids) AND s.number = over.slice""")

_COUNT_RESENT = text(f"""
    WITH {_each(_RESENT)},
    over AS (
        DELETE FROM crobot.batch_resends r USING each
        WHERE r.batch_id = each.batch_id AND r.number = each.number AND NOT each.{LIVE_SQL} RETURNING each.*),
    {_STATES_OF_SLICES.format("over")}
    {_change_ends("+")}""")

_TAKE_OFF = text(f"""
    WITH {_each(_COUNTED_BY_NUMBER)},
    noted AS (INSERT INTO crobot.batch_resends (batch_id, number, slice) SELECT batch_id, number, slice FROM items),
    {_STATES_OF_SLICES.format("each")}
    {_change_ends("-")}""")

_GO_ON = text("UPDATE crobot.batches SET ended_at = NULL WHERE id = :batch_id")

_MISCOUNTED = text(f"""
    WITH {_each(_COUNTED)},
    {_STATES_OF_SLICES.format("each")},
    found AS (SELECT slice, jsonb_object_agg(state || ' ' || outcome, items) AS is_now FROM states GROUP BY slice)
    SELECT s.number
    FROM found JOIN crobot.batch_slices s ON s.number = found.slice
    CROSS JOIN LATERAL (SELECT jsonb_object_agg(state || ' ' || outcome, items) AS was_then FROM {_ENDS}) counted
    -- of jobs whose rows were removed since, the count is all that is left
    WHERE s.batch_id = ANY(:batch_ids) AND found.is_now <> counted.was_then AND NOT found.is_now ? 'forgotten '
    ORDER BY s.number""")

_REOPEN_SLICES = text("""
    WITH looked_at AS (DELETE FROM crobot.batch_resends WHERE batch_id = :batch_id AND slice = ANY(:slices))
    UPDATE crobot.batch_slices SET closed_at = NULL, ends = NULL
    WHERE batch_id = :batch_id AND number = ANY(:slices)""")


def states(session: Session, batch_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """Return how many items of each batch are in which ``state``, failed with which ``outcome``, and their CPU seconds.

    What was counted, and what is looked at now, are rows of their own.
    """
    values = {"batch_ids": list(batch_ids)}
    return [*session.execute(_STATES_OF_COUNTED, values), *session.execute(_STATES_OF_OTHERS, values)]


def sending(session: Session, batch_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Batch → how many items no slice has sent yet (``unsent``), and when its first slice was sent (``began_at``)."""
    return {row.id: row for row in session.execute(_SENDING, {"batch_ids": list(batch_ids)})}


def live(session: Session, batch_id: int) -> int:
    """Return how many of its jobs are live."""
    return int(session.execute(_LIVE, {"batch_ids": [batch_id]}).scalar_one())


def count(session: Session, batch_id: int) -> None:
    """Count the items of each open slice of which no job is live any more, and those that were sent again and are over.

    The batch is locked.
    """
    session.execute(_CLOSE_SLICES, {"batch_ids": [batch_id]})
    session.execute(_COUNT_RESENT, {"batch_ids": [batch_id]})


def take_off(session: Session, batch_id: int, numbers: Sequence[int]) -> None:
    """Take items off the counts, before new jobs are noted for them; the batch is locked."""
    session.execute(_TAKE_OFF, {"batch_ids": [batch_id], "numbers": list(numbers)})
    session.execute(_GO_ON, {"batch_id": batch_id})


def miscounted(session: Session, batch_id: int) -> Sequence[int]:
    """Return the closed slices of which the count is not that of their items now."""
    return session.execute(_MISCOUNTED, {"batch_ids": [batch_id]}).scalars().all()


def reopen_slices(session: Session, batch_id: int, slices: Sequence[int]) -> None:
    """Have slices counted again; the batch is locked."""
    session.execute(_REOPEN_SLICES, {"batch_id": batch_id, "slices": list(slices)})
    session.execute(_GO_ON, {"batch_id": batch_id})
