"""Locks by name, which a transaction holds until it ends."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.prepared import Prepared

_TRY_LOCK = Prepared("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0)) AS is_ours")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_LOCK_ALL = text("""
    SELECT count(pg_advisory_xact_lock(hashtextextended(name, 0)))
    FROM unnest(CAST(:names AS text[])) AS name""")


def lock(session: Session, name: str) -> None:
    """Wait for the lock of this name and hold it until the transaction ends."""
    session.execute(_LOCK, {"name": name})


def lock_all(session: Session, names: Iterable[str]) -> None:
    """Wait for the locks of these names; all who ask for several take them in the same order.

    PostgreSQL has room for a few thousand at a time.
    """
    session.execute(_LOCK_ALL, {"names": sorted(names)})


def try_lock(session: Session, name: str) -> bool:
    """Take the lock of this name, if nobody has it, and hold it until the transaction ends; say whether it is ours."""
    (row,) = _TRY_LOCK.rows(session, {"name": name})
    return bool(row.is_ours)
