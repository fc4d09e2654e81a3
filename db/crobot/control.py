"""Queries by which operators steer jobs: hold, release, reprioritise, choose for a cancel or a resend, pause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.crobot import LIVE_SQL, OVER_SQL, JobState, PausedKind
from db.crobot.selection import OF_LIVE, OF_OVER, Selection

_IDS_LIVE = text(f"SELECT id FROM crobot.jobs WHERE {OF_LIVE}")
_IDS_OVER = text(f"SELECT id FROM crobot.all_jobs WHERE {OF_OVER}")
# The numbers stand in it as they are, so that PostgreSQL passes over the partitions of others before it plans.
_KNOWN_IDS = text("SELECT id FROM crobot.all_jobs WHERE id = ANY(:ids)")

# Rows are locked in the order of their ids, here as everywhere, so that nobody waits for each other in a circle.
_LIVE_OF_THESE = f"""
    WITH these AS (
        SELECT id FROM crobot.jobs WHERE id = ANY(:ids) AND {LIVE_SQL} ORDER BY id FOR UPDATE)"""

_HOLD = text(f"""
    {_LIVE_OF_THESE}
    UPDATE crobot.jobs j
    SET held_at = COALESCE(j.held_at, now()), hold_reason = :reason, reserved_on = NULL
    FROM these WHERE j.id = these.id RETURNING j.state""")

# It might have begun from now on, which is what its waiting is measured from.
_RELEASE = text(f"""
    {_LIVE_OF_THESE}
    UPDATE crobot.jobs j
    SET held_at = NULL, hold_reason = '', available_at = GREATEST(j.available_at, now())
    FROM these WHERE j.id = these.id AND j.held_at IS NOT NULL RETURNING j.state""")

_PRIORITY = text(f"""
    {_LIVE_OF_THESE}
    UPDATE crobot.jobs j SET priority = :priority
    FROM these WHERE j.id = these.id RETURNING j.state""")

_RESENT = text("""
    SELECT DISTINCT CAST(n.context->>'resent_from' AS bigint) FROM crobot.all_jobs n
    WHERE n.context->>'resent_from' IS NOT NULL AND CAST(n.context->>'resent_from' AS bigint) = ANY(:ids)""")

_EVER_SENT = text(f"""
    SELECT EXISTS (SELECT FROM crobot.all_jobs WHERE pipeline = :pipeline AND {OVER_SQL})
        OR EXISTS (SELECT FROM crobot.jobs WHERE pipeline = :pipeline AND {LIVE_SQL})""")

_PAUSE = text("""
    INSERT INTO crobot.pauses AS p (kind, name, reason) VALUES (:kind, :name, :reason)
    ON CONFLICT (kind, name) DO UPDATE SET reason = excluded.reason""")
_UNPAUSE = text("DELETE FROM crobot.pauses WHERE kind = :kind AND name = :name RETURNING kind")

States = Counter[JobState]


def ids(session: Session, selection: Selection) -> list[int]:
    """The numbers of the selected jobs, in order."""
    parts = selection.parts(_IDS_LIVE, _IDS_OVER)
    return sorted({job_id for part, values in parts for job_id in session.execute(part, values).scalars()})


def unknown_ids(session: Session, job_ids: Sequence[int]) -> list[int]:
    """Those numbers that no job has."""
    known = set(session.execute(_KNOWN_IDS, {"ids": list(job_ids)}).scalars())
    return sorted(set(job_ids) - known)


def hold(session: Session, job_ids: Sequence[int], reason: str) -> States:
    """Hold those that are live: they are not dispatched, nor tried again; how many of each state."""
    return _states(session.execute(_HOLD, {"ids": list(job_ids), "reason": reason}))


def release(session: Session, job_ids: Sequence[int]) -> States:
    """Release those that are live and held; how many of each state."""
    return _states(session.execute(_RELEASE, {"ids": list(job_ids)}))


def reprioritise(session: Session, job_ids: Sequence[int], priority: int) -> States:
    """Give those that are live another priority; how many of each state."""
    return _states(session.execute(_PRIORITY, {"ids": list(job_ids), "priority": priority}))


def resent(session: Session, job_ids: Sequence[int]) -> set[int]:
    """Those of the jobs that were sent again already."""
    return set(session.execute(_RESENT, {"ids": list(job_ids)}).scalars())


def ever_sent(session: Session, pipeline: str) -> bool:
    """Whether there is a job of this pipeline."""
    return bool(session.execute(_EVER_SENT, {"pipeline": pipeline}).scalar())


def pause(session: Session, kind: PausedKind, name: str, reason: str) -> None:
    """Dispatch no such jobs; a pause that exists gets the new reason."""
    session.execute(_PAUSE, {"kind": kind, "name": name, "reason": reason})


def unpause(session: Session, kind: PausedKind, name: str) -> bool:
    """Dispatch such jobs again; false if they were not paused."""
    return session.execute(_UNPAUSE, {"kind": kind, "name": name}).scalar() is not None


def _states(rows: Any) -> States:
    return Counter(JobState(row.state) for row in rows)
