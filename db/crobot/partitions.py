"""The partitions of past jobs: a range of numbers each, made when a first job moves there, and dropped as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.crobot import moments
from db.crobot.models.past import attempts_past, jobs_past, settlements_past
from db.crobot.old_rows import Amount
from db.engine import lock

#: numbers of jobs in one partition: the n-th has those from n * SPAN on
SPAN = 1_000_000
#: whoever moves jobs, or drops some, holds the lock of this name
LOCK = "crobot.past"

_TABLES = (jobs_past, attempts_past, settlements_past)

_LIST = text("""
    SELECT CAST(substring(c.relname FROM '[0-9]+$') AS bigint) AS number
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = CAST('crobot.jobs_past' AS regclass) ORDER BY 1""")

_CUTOFF = text("SELECT now() - make_interval(days => :days)")

_CONTENT = """
    SELECT count(*) AS number, COALESCE(max(finished_at) < now() - make_interval(days => :days), true) AS is_old,
           {sizes} AS bytes
    FROM {jobs}"""

_FORGET_ANSWERS = text("""
    WITH gone AS (
        DELETE FROM crobot.past_answers WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM crobot.past_answers WHERE job_id >= :first AND job_id < :beyond LIMIT :limit)) RETURNING 1)
    SELECT count(*) FROM gone""")

# Whoever reads past jobs is waited for, and others wait behind: not for long.
_NOT_LONG = text("SET LOCAL lock_timeout = '2s'")


def numbers(session: Session) -> Sequence[int]:
    """Return the numbers of the partitions that there are."""
    return session.execute(_LIST).scalars().all()


def make(session: Session, job_ids: Iterable[int]) -> None:
    """Make the partitions of these jobs that are not there yet, by whoever holds the lock."""
    wanted = {job_id // SPAN for job_id in job_ids}
    for number in sorted(wanted - set(numbers(session))):
        first = number * SPAN
        for table in _TABLES:
            # attached, so that nobody who reads the others has to wait, as for one that is made in its place
            session.execute(text(f"CREATE TABLE {table}_{number} (LIKE {table} INCLUDING ALL)"))
            session.execute(text(
                f"ALTER TABLE {table} ATTACH PARTITION {table}_{number} FOR VALUES FROM ({first}) TO ({first + SPAN})"
            ))  # fmt: skip


def old(session: Session, days: int) -> dict[int, Amount]:
    """Return the partitions of which all jobs ended so many days ago, with what they have; it reads these."""
    first_young = moments.first_id(session, session.execute(_CUTOFF, {"days": days}).scalar_one())
    found: dict[int, Amount] = {}
    for number in numbers(session):
        if (number + 1) * SPAN <= first_young:
            sizes = " + ".join(f"pg_total_relation_size('{table}_{number}')" for table in _TABLES)
            content = text(_CONTENT.format(sizes=sizes, jobs=f"{jobs_past}_{number}"))
            row = session.execute(content, {"days": days}).one()
            if row.is_old:
                found[number] = Amount(row.number, int(row.bytes))
    return found


def forget_answers(session: Session, number: int, limit: int = 1000) -> int:
    """Let some jobs of a partition answer no later send any more; return how many."""
    values = {"first": number * SPAN, "beyond": (number + 1) * SPAN, "limit": limit}
    return int(session.execute(_FORGET_ANSWERS, values).scalar_one())


def drop(session: Session, number: int) -> None:
    """Drop a partition, with all attempts and settlements of its jobs.

    Raises:
        OperationalError: somebody has been reading it for some seconds.
    """
    lock(session, LOCK)
    session.execute(_NOT_LONG)
    for table in reversed(_TABLES):
        session.execute(text(f"DROP TABLE IF EXISTS {table}_{number}"))
