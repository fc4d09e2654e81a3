"""The files of uploads while they arrive: how far each is, who writes it, what was found out about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

#: seconds after which a writer that nothing was heard of is taken for dead
STALE_S = 60
#: milliseconds that somebody waits for a request which is just writing
LOCK_MS = 10_000

_WRITTEN = f"writer IS NOT NULL AND writer_at > now() - interval '{STALE_S} seconds' AS is_written"

_ADD = text("""
    INSERT INTO system.upload_files (upload_id, user_id, mate, name, length, sha256_given, sha256_later)
    VALUES (:upload_id, :user_id, :mate, :name, :length, :sha256_given, :sha256_later) RETURNING *""")

_FIND = text("""
    SELECT file.*, pair.expires_at, pair.status FROM system.upload_files AS file
    JOIN system.user_uploads AS pair ON pair.id = file.upload_id
    WHERE file.id = :id AND file.upload_id = :upload_id AND file.user_id = :user_id""")

_SHORT_WAIT = text(f"SET LOCAL lock_timeout = {LOCK_MS}")

_LOCKED = text(f"SELECT *, {_WRITTEN} FROM system.upload_files WHERE id = :id FOR UPDATE")

_OF = text("SELECT * FROM system.upload_files WHERE upload_id = ANY(:ids) ORDER BY upload_id, mate, id")

_LIVE = text("""
    SELECT * FROM system.upload_files
    WHERE upload_id = :upload_id AND state IN ('uploading', 'uploaded', 'checked') ORDER BY mate""")

# Reads of a strain are no longer the user's own space.
_BYTES = text("""
    SELECT COALESCE(sum(file.length), 0) FROM system.user_uploads AS pair
    JOIN system.upload_files AS file ON file.upload_id = pair.id
    WHERE pair.user_id = :user_id AND pair.status IN ('uploading', 'refused')
      AND file.state IN ('uploading', 'uploaded', 'checked')""")

_SAME = text("""
    SELECT file.*, pair.strain FROM system.upload_files AS file
    JOIN system.user_uploads AS pair ON pair.id = file.upload_id
    WHERE file.user_id = :user_id AND file.sha256 = :sha256 AND file.state = 'checked' AND file.id <> :id
    ORDER BY file.id LIMIT 1""")

_TAKE = text("UPDATE system.upload_files SET writer = :writer, writer_at = now() WHERE id = :id")

_HOLD = text("""
    UPDATE system.upload_files SET writer_at = now()
    WHERE id = :id AND writer = :writer AND received = :received AND state IN ('uploading', 'uploaded')
    RETURNING id""")

_ADVANCE = text("""
    UPDATE system.upload_files
    SET received = :received, state = CASE WHEN :received = length THEN 'uploaded' ELSE state END
    WHERE id = :id""")

_RELEASE = text("UPDATE system.upload_files SET writer = NULL WHERE id = :id AND writer = :writer")

_FREE = text("UPDATE system.upload_files SET writer = NULL WHERE id = :id")

_SET_BACK = text("""
    UPDATE system.upload_files SET received = :received, state = 'uploading', writer = NULL WHERE id = :id""")

_FOUND = text("UPDATE system.upload_files SET sha256 = :sha256, reads = :reads WHERE id = :id")

_CHECKED = text("UPDATE system.upload_files SET state = 'checked', writer = NULL WHERE id = :id")

_REFUSED = text("""
    UPDATE system.upload_files SET state = 'refused', reason = :reason, writer = NULL WHERE id = :id""")

_SAID = text("""
    UPDATE system.upload_files SET sha256_given = :sha256, sha256_later = false WHERE id = :id""")

_END = text("""
    UPDATE system.upload_files SET state = :state, writer = NULL
    WHERE upload_id = ANY(:ids) AND state IN ('uploading', 'uploaded', 'checked')""")

_END_ONE = text("UPDATE system.upload_files SET state = :state, writer = NULL WHERE id = :id")

_CLAIM = text(f"""
    UPDATE system.upload_files SET writer = :writer, writer_at = now()
    WHERE id = (
        SELECT id FROM system.upload_files
        WHERE state = 'uploaded' AND (sha256 IS NULL OR NOT sha256_later)
          AND (writer IS NULL OR writer_at < now() - interval '{STALE_S} seconds')
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING *""")

_TO_REMOVE = text("""
    SELECT * FROM system.upload_files
    WHERE is_stored AND state IN ('refused', 'expired', 'withdrawn') ORDER BY id LIMIT 100""")

_REMOVED = text("UPDATE system.upload_files SET is_stored = false WHERE id = :id")


def add(session: Session, values: Mapping[str, Any]) -> Row[Any]:
    """Add a file: ``upload_id``, ``user_id``, ``mate``, ``name``, ``length``, ``sha256_given``, ``sha256_later``."""
    return session.execute(_ADD, dict(values)).one()


def find(session: Session, file_id: int, upload_id: int, user_id: int) -> Row[Any] | None:
    """Return a file of this user, with the ``status`` of its pair and when that expires."""
    return session.execute(_FIND, {"id": file_id, "upload_id": upload_id, "user_id": user_id}).one_or_none()


def locked(session: Session, file_id: int) -> Row[Any]:
    """Return a file that nobody else changes until the transaction ends, and whether it ``is_written``.

    Whoever writes a piece has it for as long as that takes; the wait for it is limited, and raises then.
    """
    session.execute(_SHORT_WAIT)
    return session.execute(_LOCKED, {"id": file_id}).one()


def of_uploads(session: Session, upload_ids: Sequence[int]) -> Sequence[Row[Any]]:
    """Return all files of these pairs, also those that are over."""
    return session.execute(_OF, {"ids": list(upload_ids)}).all()


def live(session: Session, upload_id: int) -> Sequence[Row[Any]]:
    """Return the files of a pair that are not over: at most one for each mate."""
    return session.execute(_LIVE, {"upload_id": upload_id}).all()


def live_bytes(session: Session, user_id: int) -> int:
    """Return how many bytes the unsent files of a user have, or will have."""
    return int(session.execute(_BYTES, {"user_id": user_id}).scalar_one())


def same(session: Session, user_id: int, sha256: bytes, but: int = 0) -> Row[Any] | None:
    """Return another file of the user with this content, with the ``strain`` that it is for."""
    return session.execute(_SAME, {"user_id": user_id, "sha256": sha256, "id": but}).one_or_none()


def take(session: Session, file_id: int, writer: str) -> None:
    """Let a writer have a file, whoever had it before."""
    session.execute(_TAKE, {"id": file_id, "writer": writer})


def hold(session: Session, file_id: int, writer: str, received: int) -> bool:
    """Lock a file for its writer, and note that it is at work; false if the file is another's by now."""
    found = session.execute(_HOLD, {"id": file_id, "writer": writer, "received": received})
    return found.one_or_none() is not None


def advance(session: Session, file_id: int, received: int) -> None:
    """Note how many bytes are on the disk; the last one makes it *uploaded*."""
    session.execute(_ADVANCE, {"id": file_id, "received": received})


def release(session: Session, file_id: int, writer: str) -> None:
    """Let a file go, if the writer still has it."""
    session.execute(_RELEASE, {"id": file_id, "writer": writer})


def free(session: Session, file_id: int) -> None:
    """Take a file from whoever writes it."""
    session.execute(_FREE, {"id": file_id})


def set_back(session: Session, file_id: int, received: int) -> None:
    """Note that the disk has fewer bytes than it had."""
    session.execute(_SET_BACK, {"id": file_id, "received": received})


def set_found(session: Session, file_id: int, sha256: bytes, reads: int) -> None:
    """Note what a file is, before it is judged."""
    session.execute(_FOUND, {"id": file_id, "sha256": sha256, "reads": reads})


def set_checked(session: Session, file_id: int) -> None:
    """Note that a file is right."""
    session.execute(_CHECKED, {"id": file_id})


def set_refused(session: Session, file_id: int, reason: str) -> None:
    """Note that a file is wrong."""
    session.execute(_REFUSED, {"id": file_id, "reason": reason})


def set_sha256(session: Session, file_id: int, sha256: bytes) -> None:
    """Note which checksum the user says that a file has."""
    session.execute(_SAID, {"id": file_id, "sha256": sha256})


def end_all(session: Session, upload_ids: Sequence[int], state: str) -> None:
    """End all live files of these pairs."""
    session.execute(_END, {"ids": list(upload_ids), "state": state})


def end_one(session: Session, file_id: int, state: str) -> None:
    """End a file."""
    session.execute(_END_ONE, {"id": file_id, "state": state})


def claim_uploaded(session: Session, writer: str) -> Row[Any] | None:
    """Take a file whose bytes are all there, and that nobody is checking."""
    return session.execute(_CLAIM, {"writer": writer}).one_or_none()


def to_remove(session: Session) -> Sequence[Row[Any]]:
    """Return files that are over, and still take space."""
    return session.execute(_TO_REMOVE).all()


def set_removed(session: Session, file_id: int) -> None:
    """Note that a file takes no space any more."""
    session.execute(_REMOVED, {"id": file_id})
