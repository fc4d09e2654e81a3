"""(e) Queries on chords, whose size the result store may forget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_KEEP = text("""
    INSERT INTO crobot.chords (id, size) VALUES (:chord_id, :size)
    ON CONFLICT (id) DO UPDATE SET size = excluded.size, grown = false, sent_at = now(), answered_at = NULL""")

_GROW = text("UPDATE crobot.chords SET size = size + :more, grown = true WHERE id = :chord_id")

_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('crobot.results'))")
_SEEN = text("""
    SELECT results_seen_at AS at, results_run AS run FROM crobot.monitoring
    WHERE id = 1 AND results_seen_at IS NOT NULL""")
_SEE = text("""
    INSERT INTO crobot.monitoring (id, results_seen_at, results_run) VALUES (1, :at, :run)
    ON CONFLICT (id) DO UPDATE SET results_seen_at = :at, results_run = :run""")

_UNANSWERED = text("SELECT id, size FROM crobot.chords WHERE answered_at IS NULL ORDER BY id")

# Whoever is just settling one of them may have told a store that has forgotten it since: it is no longer theirs.
_OWE_AGAIN = text("""
    UPDATE crobot.settlements SET settled_at = NULL, claimed_at = NULL, claimed_by = NULL
    WHERE chord_id = ANY(:chord_ids) AND (settled_at IS NOT NULL OR claimed_at IS NOT NULL) RETURNING task_id""")

# A chord that is not known (older than those that are kept) can be answered all the same.
_ANSWER = text("""
    INSERT INTO crobot.chords AS c (id, size, answered_at) VALUES (:chord_id, 0, now())
    ON CONFLICT (id) DO UPDATE SET answered_at = now() WHERE c.answered_at IS NULL RETURNING id""")


def keep(session: Session, chord_id: str, size: int) -> None:
    """Remember how many results a chord waits for; one that is sent again is a new one."""
    session.execute(_KEEP, {"chord_id": chord_id, "size": size})


def grow(session: Session, chord_id: str, more: int) -> None:
    """Remember that a chord waits for more results than it was sent with."""
    session.execute(_GROW, {"chord_id": chord_id, "more": more})


def only_reminder(session: Session) -> bool:
    """Become the only one to look after the result store until the transaction ends; false if another is at it."""
    return bool(session.execute(_LOCK).scalar())


def last_seen(session: Session) -> Row[Any] | None:
    """When (``at``), and in which ``run``, the result store was last seen whole; None if never."""
    return session.execute(_SEEN).one_or_none()


def note_seen(session: Session, run: str, at: datetime) -> None:
    """Note that the result store is whole in this run, and has this time stored."""
    session.execute(_SEE, {"run": run, "at": at})


def unanswered(session: Session) -> Sequence[Row[Any]]:
    """Chords (``id``, ``size``) that have not been answered."""
    return session.execute(_UNANSWERED).all()


def answer(session: Session, chord_id: str) -> bool:
    """Note that a chord is answered in this transaction; false if it was before."""
    return session.execute(_ANSWER, {"chord_id": chord_id}).scalar() is not None


def owe_again(session: Session, chord_ids: Iterable[str]) -> int:
    """Let the results of these chords be told once more; returns how many those are."""
    return len(session.execute(_OWE_AGAIN, {"chord_ids": list(chord_ids)}).all())
