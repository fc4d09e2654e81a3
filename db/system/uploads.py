"""Uploads of users: pairs of files that are to become a strain's reads. The web app reads the same rows.

Whoever needs the locks of a pair and of its files takes the pair's first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

_ADD = text("""
    INSERT INTO system.user_uploads (user_id, database, strain, data, file_names, request, status, expires_at)
    VALUES (:user_id, :database, :strain, :data, :file_names, :request, 'uploading',
            now() + make_interval(secs => :expires_s))
    RETURNING *""").bindparams(*(bindparam(name, type_=JSONB) for name in ("data", "file_names", "request")))

_FIND = text("SELECT * FROM system.user_uploads WHERE id = :id AND user_id = :user_id AND type = 'reads'")

_LOCKED = text("SELECT * FROM system.user_uploads WHERE id = :id FOR UPDATE")

_LISTING = text("""
    SELECT * FROM system.user_uploads
    WHERE user_id = :user_id AND id < :before AND type = 'reads' ORDER BY id DESC LIMIT :limit""")

_OPEN = text("""
    SELECT count(*) FROM system.user_uploads
    WHERE user_id = :user_id AND expires_at IS NOT NULL AND status IN ('uploading', 'refused')""")

_TOUCH = text("""
    UPDATE system.user_uploads SET expires_at = now() + make_interval(secs => :expires_s)
    WHERE id = :id RETURNING expires_at""")

_SENT = text("""
    UPDATE system.user_uploads
    SET status = 'sent', reason = '', job_id = :job_id, expires_at = NULL, file_location = :folder
    WHERE id = :id""")

_SET = text("UPDATE system.user_uploads SET status = :status, reason = :reason WHERE id = :id")

# A request that goes on for longer than the pair may wait keeps it.
_EXPIRE = text("""
    UPDATE system.user_uploads AS pair SET status = 'expired'
    WHERE status IN ('uploading', 'refused') AND expires_at < now() AND NOT EXISTS (
        SELECT FROM system.upload_files AS file
        WHERE file.upload_id = pair.id AND file.writer_at > now() - interval '5 minutes')
    RETURNING id""")

_READY = text("""
    SELECT pair.id FROM system.user_uploads AS pair
    JOIN system.upload_files AS file ON file.upload_id = pair.id AND file.state = 'checked'
    WHERE pair.status = 'uploading' AND pair.expires_at IS NOT NULL
    GROUP BY pair.id HAVING count(*) = 2 ORDER BY pair.id LIMIT 100""")

# What is over has a time, too, by which it is forgotten; a sent one stays with its strain.
_OLD = """
    system.user_uploads AS pair
    WHERE status IN ('expired', 'withdrawn') AND expires_at < now() - make_interval(days => :days) AND NOT EXISTS (
        SELECT FROM system.upload_files AS file WHERE file.upload_id = pair.id AND file.is_stored)"""
_COUNT_OLD = text(f"SELECT count(*) AS number, COALESCE(sum(pg_column_size(pair.*)), 0) AS bytes FROM {_OLD}")
# The rows of its files go with it, by the index of their pairs.
_FORGET = text(f"""
    WITH gone AS (
        DELETE FROM system.user_uploads WHERE id = ANY(ARRAY(
            SELECT id FROM {_OLD} ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED))
        RETURNING pg_column_size(user_uploads.*) AS bytes)
    SELECT count(*) AS number, COALESCE(sum(bytes), 0) AS bytes FROM gone""")


def add(session: Session, values: Mapping[str, Any], expires_s: float) -> Row[Any]:
    """Add a pair: ``user_id``, ``database``, ``strain``, ``data``, ``file_names`` and ``request``."""
    return session.execute(_ADD, {**values, "expires_s": expires_s}).one()


def find(session: Session, upload_id: int, user_id: int) -> Row[Any] | None:
    """Return a pair of this user."""
    return session.execute(_FIND, {"id": upload_id, "user_id": user_id}).one_or_none()


def locked(session: Session, upload_id: int) -> Row[Any]:
    """Return a pair, which nobody else changes until the transaction ends."""
    return session.execute(_LOCKED, {"id": upload_id}).one()


def listing(session: Session, user_id: int, before: int, limit: int) -> Sequence[Row[Any]]:
    """Return pairs of a user with lower numbers than ``before``, the newest first."""
    return session.execute(_LISTING, {"user_id": user_id, "before": before, "limit": limit}).all()


def count_open(session: Session, user_id: int) -> int:
    """Return how many pairs of a user are neither sent nor over."""
    return int(session.execute(_OPEN, {"user_id": user_id}).scalar_one())


def touch(session: Session, upload_id: int, expires_s: float) -> Any:
    """Let a pair wait from now on; return until when."""
    return session.execute(_TOUCH, {"id": upload_id, "expires_s": expires_s}).scalar_one()


def set_sent(session: Session, upload_id: int, job_id: int, folder: str) -> None:
    """Note that a pair has become a strain's reads, and which job assembles them."""
    session.execute(_SENT, {"id": upload_id, "job_id": job_id, "folder": folder})


def set_status(session: Session, upload_id: int, status: str, reason: str = "") -> None:
    """Note where a pair stands that is not sent."""
    session.execute(_SET, {"id": upload_id, "status": status, "reason": reason})


def expire(session: Session) -> Sequence[int]:
    """Note which pairs nobody went on with; return their numbers."""
    return session.scalars(_EXPIRE).all()


def ready(session: Session) -> Sequence[int]:
    """Return pairs whose files are both right, and that are not sent."""
    return session.scalars(_READY).all()


def count_old(session: Session, days: int) -> Row[Any]:
    """Return ``number`` and ``bytes`` of pairs that came to nothing so many days ago, once their files are gone."""
    return session.execute(_COUNT_OLD, {"days": days}).one()


def forget(session: Session, days: int, limit: int = 1000) -> Row[Any]:
    """Forget some of these pairs, the oldest; return ``number`` and ``bytes``."""
    return session.execute(_FORGET, {"days": days, "limit": limit}).one()
