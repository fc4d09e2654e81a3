"""Queries on the items of batches: what they are, the slices in which they are sent, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.arrays import array
from db.crobot.batch_counts import OUTCOME, STATE, SUM_CPU_S
from db.jsonb import as_json

_ADD_ITEMS = text("""
    INSERT INTO crobot.batch_items (batch_id, number, key, call, skipped)
    SELECT :batch_id, :size + place, key, call, skipped
    FROM unnest(CAST(:key AS text[]), CAST(:call AS json[]), CAST(:skipped AS text[])) WITH ORDINALITY
        AS r(key, call, skipped, place)""")

_GROW = text("UPDATE crobot.batches SET size = size + :items, ended_at = NULL WHERE id = :batch_id")

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

_FAILED = text("""
    SELECT i.number, i.job_id, j.outcome
    FROM crobot.batch_items i JOIN crobot.all_jobs j ON j.id = i.job_id
    WHERE i.batch_id = :batch_id AND NOT i.cached AND j.state = 'FAILED'
      AND (CAST(:outcome AS text) IS NULL OR j.outcome = :outcome) ORDER BY i.number""")

_ACCOUNT = text(f"""
    SELECT i.number, i.key, i.job_id, {OUTCOME} AS outcome,
           CASE WHEN i.job_id IS NULL AND i.skipped = '' AND b.cancelled_at IS NOT NULL THEN 'CANCELLED' ELSE {STATE}
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
                              {SUM_CPU_S} AS cpu_s
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


def failed(session: Session, batch_id: int, outcome: str | None = None) -> Sequence[Row[Any]]:
    """Return the items (``number``, ``job_id``, ``outcome``) that failed, with this outcome if one is given."""
    return session.execute(_FAILED, {"batch_id": batch_id, "outcome": outcome}).all()


def account(session: Session, batch_id: int, after: int, limit: int) -> Sequence[Row[Any]]:
    """Return items after a number, each with where it stands, its job's times and message, and what it has cost."""
    return session.execute(_ACCOUNT, {"batch_id": batch_id, "after": after, "limit": limit}).all()
