"""Moving jobs that ended long ago to the tables of past jobs, some at a time.

A job moves with its attempts and settlements in one transaction, so it is always in one place, whole. Who reads the
hot table first and the past one after it misses none, since jobs move in this direction only.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Table, text
from sqlalchemy.orm import Session

from db.crobot import JobState, moments, partitions
from db.crobot.models.past import attempts_past, jobs_past, settlements_past
from db.crobot.old_rows import Amount
from db.engine import lock

_HOT = {jobs_past: "crobot.jobs", attempts_past: "crobot.attempts", settlements_past: "crobot.settlements"}

_CUTOFF = text("SELECT now() - make_interval(days => :days)")

# Each of these is looked up by its index, for one job after the other: OFFSET 0 keeps the planner from reading a table.
# Attempts that no share has been charged for are few, and only there if no head has run for days.
_NEEDED = """
    EXISTS (SELECT FROM crobot.settlements s WHERE s.job_id = o.id AND (s.settled_at IS NULL OR EXISTS (
                SELECT FROM crobot.chords c WHERE c.id = s.chord_id AND c.answered_at IS NULL)) OFFSET 0)
    OR EXISTS (SELECT FROM crobot.attempts a WHERE a.job_id = o.id AND (a.ended_at IS NULL
                OR a.ended_at > COALESCE((SELECT folded_to FROM crobot.accounting), 'infinity')) OFFSET 0)
    OR EXISTS (SELECT FROM crobot.deliveries d
               WHERE d.kind = 'job' AND d.number = o.id AND d.state = 'waiting' OFFSET 0)"""

_OLD = """
    SELECT id FROM crobot.jobs
    WHERE state = :state AND id > :after AND id <= :up_to AND finished_at < now() - make_interval(days => :days)"""

_SLICE = text(f"""
    WITH old AS MATERIALIZED ({_OLD} ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED)
    SELECT o.id, {_NEEDED} AS needed FROM old o ORDER BY o.id""")

_COUNT = text(f"""
    WITH old AS MATERIALIZED ({_OLD})
    SELECT count(*) AS number, COALESCE(sum(pg_column_size(j.*)), 0) AS bytes
    FROM old o JOIN crobot.jobs j ON j.id = o.id WHERE NOT ({_NEEDED})""")

_MOVE = """
    WITH gone AS (DELETE FROM {hot} WHERE {key} = ANY(:ids) RETURNING *)
    INSERT INTO {past} ({columns}) SELECT {columns} FROM gone"""


def _moving(past: Table) -> str:
    columns = ", ".join(past.columns.keys())
    return _MOVE.format(hot=_HOT[past], past=past, key=_key(past), columns=columns)


def _key(past: Table) -> str:
    """Return the column with the number of the job."""
    return "id" if past is jobs_past else "job_id"


_MOVE_ATTEMPTS, _MOVE_SETTLEMENTS = text(_moving(attempts_past)), text(_moving(settlements_past))
_MOVE_JOBS = text(f"""
    {_moving(jobs_past)}
    RETURNING pg_column_size(jobs_past.*) AS bytes""")

# The newest answers.
_KEEP_ANSWERS = text("""
    INSERT INTO crobot.past_answers AS p (cache_key, job_id, context)
    SELECT DISTINCT ON (cache_key) cache_key, id, context FROM crobot.jobs
    WHERE id = ANY(:ids) AND state = 'COMPLETE' AND cache_key IS NOT NULL ORDER BY cache_key, id DESC
    ON CONFLICT (cache_key) DO UPDATE SET job_id = excluded.job_id, context = excluded.context
    WHERE p.job_id < excluded.job_id""")


@dataclass(frozen=True)
class Slice:
    """What became of some old jobs."""

    #: the highest number that was looked at; None: there are no more
    last: int | None
    moved: Amount


def last_old(session: Session, days: int) -> int:
    """Return a number that no job passes which was sent so many days ago: younger ones cannot be over for so long."""
    return moments.last_id(session, session.execute(_CUTOFF, {"days": days}).scalar_one())


def count(session: Session, state: JobState, days: int) -> Amount:
    """Return how many jobs of a state may move; it reads all that are old."""
    values = {"state": state, "days": days, "after": 0, "up_to": last_old(session, days)}
    row = session.execute(_COUNT, values).one()
    return Amount(row.number, int(row.bytes))


def move(session: Session, state: JobState, days: int, after: int, up_to: int, limit: int = 500) -> Slice:
    """Move the next jobs of a state that ended so many days ago, but for those that something live still needs.

    Of two who do so at once, one waits for the other.
    """
    lock(session, partitions.LOCK)
    values = {"state": state, "days": days, "after": after, "up_to": up_to, "limit": limit}
    rows = session.execute(_SLICE, values).all()
    ids = [row.id for row in rows if not row.needed]
    return Slice(rows[-1].id if rows else None, _move(session, ids) if ids else Amount())


def _move(session: Session, ids: list[int]) -> Amount:
    partitions.make(session, ids)
    values = {"ids": ids}
    session.execute(_KEEP_ANSWERS, values)
    session.execute(_MOVE_ATTEMPTS, values)
    session.execute(_MOVE_SETTLEMENTS, values)
    sizes = session.execute(_MOVE_JOBS, values).scalars().all()
    return Amount(len(sizes), sum(sizes))
