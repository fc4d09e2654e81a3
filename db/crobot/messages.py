"""The outbox: calls of plain tasks, which are committed with what they follow from, and published after that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.jsonb import as_json

_ADD = text("""
    INSERT INTO crobot.messages (id, task_id, name, args, kwargs, options)
    SELECT id, task_id, name, args, kwargs, options FROM json_to_recordset(:rows)
        AS r(id uuid, task_id text, name text, args json, kwargs json, options json)""").bindparams(
    *as_json("rows")
)

_LEFT = text("""
    SELECT id, task_id, name, args, kwargs, options FROM crobot.messages
    WHERE published_at IS NULL AND sent_at < now() - make_interval(secs => :after_s)
    ORDER BY sent_at LIMIT :limit""")

_PUBLISHED = text("UPDATE crobot.messages SET published_at = now() WHERE id = ANY(CAST(:ids AS uuid[]))")

_BEGIN = text("""
    UPDATE crobot.messages SET begun_at = now() WHERE id = CAST(:id AS uuid) AND begun_at IS NULL RETURNING id""")

_AGE = text("""
    SELECT extract(epoch FROM now() - sent_at) FROM crobot.messages
    WHERE id = CAST(:id AS uuid) AND begun_at IS NULL""")

_DONE = text("""
    UPDATE crobot.messages SET begun_at = now(), published_at = now()
    WHERE id = CAST(:id AS uuid) AND begun_at IS NULL RETURNING id""")


def add(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write calls: ``id``, ``task_id``, ``name``, ``args``, ``kwargs``, ``options``."""
    session.execute(_ADD, {"rows": list(rows)})


def left_over(session: Session, after_s: float, limit: int = 500) -> Sequence[Row[Any]]:
    """Return calls that should have been published ``after_s`` seconds ago: a head died after its commit."""
    return session.execute(_LEFT, {"after_s": after_s, "limit": limit}).all()


def published(session: Session, ids: Sequence[str]) -> None:
    """Note that the broker has them."""
    session.execute(_PUBLISHED, {"ids": list(ids)})


def begin(session: Session, message_id: str) -> bool:
    """Become the only one to run a call; false if another copy of its message was begun, or it is long over."""
    return session.execute(_BEGIN, {"id": message_id}).scalar() is not None


def age_s(session: Session, message_id: str) -> float | None:
    """Return how many seconds ago a call was committed; None if it was begun, or is long over."""
    found = session.execute(_AGE, {"id": message_id}).scalar()
    return None if found is None else float(found)


def done(session: Session, message_id: str) -> bool:
    """Note that a call was begun and needs not be published any more; false if another copy was first."""
    return session.execute(_DONE, {"id": message_id}).scalar() is not None
