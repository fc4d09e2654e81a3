"""(e) Queries on chords, whose size the result store may forget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

#: a chord whose last result was stored so long before the store was last seen whole has been answered
ANSWERED_S = 60
#: as long as Celery's results are kept
KEPT = "7 days"

_KEEP = text("""
    INSERT INTO crobot.chords (id, size) VALUES (:chord_id, :size)
    ON CONFLICT (id) DO UPDATE SET size = excluded.size""")

_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('crobot.results'))")
_SEEN = text("""
    SELECT results_seen_at AS at, results_run AS run FROM crobot.monitoring
    WHERE id = 1 AND results_seen_at IS NOT NULL""")
_SEE = text("""
    INSERT INTO crobot.monitoring (id, results_seen_at, results_run) VALUES (1, :at, :run)
    ON CONFLICT (id) DO UPDATE SET results_seen_at = :at, results_run = :run""")
_NOW = text("SELECT now()")

# The body's task id is fixed when the chord is sent: as soon as it is a job of its own, the chord is over.
# Each chord is looked at by itself: PostgreSQL would else read all jobs when it thinks that there are many chords.
_UNANSWERED = text(f"""
    SELECT c.id, c.size FROM crobot.chords c CROSS JOIN LATERAL (
        SELECT bool_or(b.task_id IS NOT NULL) AS over,
               bool_or(j.finished_at IS NULL OR s.settled_at IS NULL
                       OR s.settled_at > :seen_at - interval '{ANSWERED_S} seconds') AS open
        FROM crobot.settlements s JOIN crobot.jobs j ON j.id = s.job_id
        LEFT JOIN crobot.settlements b ON b.task_id = s.options->'chord'->'options'->>'task_id'
        WHERE s.chord_id = c.id) results
    WHERE results.open AND NOT results.over ORDER BY c.id""")

_OWE_AGAIN = text("""
    UPDATE crobot.settlements SET settled_at = NULL, claimed_at = NULL
    WHERE chord_id = ANY(:chord_ids) AND settled_at IS NOT NULL RETURNING task_id""")

_FORGET = text(f"DELETE FROM crobot.chords WHERE sent_at < now() - interval '{KEPT}'")


def keep(session: Session, chord_id: str, size: int) -> None:
    """Remember how many results a chord waits for."""
    session.execute(_KEEP, {"chord_id": chord_id, "size": size})


def only_reminder(session: Session) -> bool:
    """Become the only one to look after the result store until the transaction ends; false if another is at it."""
    return bool(session.execute(_LOCK).scalar())


def last_seen(session: Session) -> Row[Any] | None:
    """When (``at``), and in which ``run``, the result store was last seen whole; None if never."""
    return session.execute(_SEEN).one_or_none()


def now(session: Session) -> datetime:
    """Return the database's time."""
    at: datetime = session.execute(_NOW).scalar_one()
    return at


def note_seen(session: Session, run: str, at: datetime) -> None:
    """Note that the result store is whole in this run, and has this time stored."""
    session.execute(_SEE, {"run": run, "at": at})


def unanswered(session: Session, seen_at: datetime) -> Sequence[Row[Any]]:
    """Chords (``id``, ``size``) that may not have been answered when the store forgot, after ``seen_at``."""
    return session.execute(_UNANSWERED, {"seen_at": seen_at}).all()


def owe_again(session: Session, chord_ids: Iterable[str]) -> int:
    """Let the results of these chords be stored once more; returns how many those are."""
    return len(session.execute(_OWE_AGAIN, {"chord_ids": list(chord_ids)}).all())


def forget_old(session: Session) -> None:
    """Forget chords whose results Celery has forgotten too."""
    session.execute(_FORGET)
