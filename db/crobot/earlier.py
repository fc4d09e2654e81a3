"""Queries on what was done for the same thing before, or is under way, in batches and outside of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.crobot import LIVE_SQL

_OF_TAGS = text("""
    SELECT id, tag, state, outcome, version, finished_at FROM crobot.all_jobs
    WHERE tag = ANY(:tags) AND type = :type AND database = :database ORDER BY id""")

_UNSENT = text("""
    SELECT i.key FROM crobot.batches b JOIN crobot.batch_items i ON i.batch_id = b.id AND i.key <> ''
    WHERE b.ended_at IS NULL AND b.cancelled_at IS NULL AND b.kind = :kind AND b.database = :database
      AND (CAST(:scheme AS text) IS NULL OR b.shared ->> 'scheme' = :scheme)
      AND i.key = ANY(:keys) AND i.job_id IS NULL AND i.skipped = ''""")

_LIVE_CONTEXTS = text(f"""
    SELECT context FROM crobot.jobs WHERE {LIVE_SQL} AND type = :type AND database = :database""")


def of_tags(session: Session, database: str, type_: str, tags: Collection[str]) -> Sequence[Row[Any]]:
    """All jobs of a type with these tags, the oldest first."""
    given = {"database": database, "type": type_, "tags": list(tags)}
    return session.execute(_OF_TAGS, given).all()


def unsent(session: Session, kind: str, database: str, scheme: str | None, keys: Collection[str]) -> set[str]:
    """Those of these keys that a batch of this kind has, and will send."""
    given = {"kind": kind, "database": database, "scheme": scheme, "keys": list(keys)}
    return set(session.scalars(_UNSENT, given))


def live_contexts(session: Session, database: str, type_: str) -> Sequence[dict[str, Any]]:
    """The contexts of the live jobs of a type."""
    return session.scalars(_LIVE_CONTEXTS, {"database": database, "type": type_}).all()
