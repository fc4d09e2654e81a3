"""Queries of streams of events: what has changed since a position, as it stands now; they only read.

A position is a number of a transaction: all that earlier ones did has been seen. Changes that are committed in another
order than they began are not missed, since the position never passes a transaction that is still open.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.crobot.jobs import LISTED

# One snapshot for all that is read, so that the position fits what was seen.
_LOOK = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_TIMEOUT = text("SELECT set_config('statement_timeout', CAST(:timeout_ms AS text), true)")

# Where a database was restored from a backup, or another server took over, the numbers may mean something else.
_POSITION = text("""
    SELECT CAST(CAST(pg_snapshot_xmin(s.seen) AS text) AS bigint) AS seen_to,
           CAST(CAST(pg_snapshot_xmax(s.seen) AS text) AS bigint) AS up_to,
           substr(md5(concat_ws(' ', c.system_identifier, d.oid, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))),
                  1, 8) AS history
    FROM (SELECT pg_current_snapshot() AS seen) s, pg_control_system() c, pg_database d
    WHERE d.datname = current_database()""")

# Rows of a backup may have numbers that this server has yet to reach, hence the upper bound.
_CHANGED = text("""
    SELECT id, user_id, batch, changed_in FROM crobot.jobs
    WHERE changed_in >= :since AND changed_in < :up_to ORDER BY changed_in LIMIT :limit""")

_JOBS = text(f"SELECT {LISTED}, changed_in FROM crobot.all_jobs jobs WHERE id = ANY(:job_ids)")

_PROGRESS = text("""
    SELECT a.job_id, json_build_object('state', a.progress_state, 'meta', a.progress) AS progress
    FROM crobot.attempts a
    WHERE a.job_id = ANY(:job_ids) AND a.ended_at IS NULL AND a.progress_state IS NOT NULL""")

# xmin: the transaction that wrote this version of the row
_BATCHES = text("SELECT name, CAST(xmin AS text) AS version FROM crobot.batches WHERE name = ANY(:names)")

_INVALID_TOKENS = text("""
    SELECT g.id FROM unnest(CAST(:token_ids AS int[])) AS g(id)
    LEFT JOIN crobot.api_tokens t ON t.id = g.id
    WHERE t.id IS NULL OR t.revoked_at IS NOT NULL OR t.expires_at <= now()""")


def begin(session: Session, timeout_ms: int) -> None:
    """Let the transaction, which has read nothing yet, see one moment and only read; a statement has so long."""
    session.execute(_LOOK)
    session.execute(_TIMEOUT, {"timeout_ms": timeout_ms})


def position(session: Session) -> Row[Any]:
    """``seen_to`` and ``up_to``: all transactions before the first, and none from the second on, are seen; ``history``.

    Numbers of different histories cannot be compared.
    """
    return session.execute(_POSITION).one()


def changed(session: Session, since: int, up_to: int, limit: int) -> Sequence[Row[Any]]:
    """Jobs (``id``, ``user_id``, ``batch``, ``changed_in``) that transactions from ``since`` on have changed."""
    return session.execute(_CHANGED, {"since": since, "up_to": up_to, "limit": limit}).all()


def jobs(session: Session, job_ids: Collection[int]) -> Sequence[Row[Any]]:
    """What is told of these jobs, and ``changed_in``."""
    return session.execute(_JOBS, {"job_ids": list(job_ids)}).all()


def progress(session: Session, job_ids: Collection[int]) -> dict[int, Any]:
    """Job id → how far its body says it is, of those at work."""
    return {row.job_id: row.progress for row in session.execute(_PROGRESS, {"job_ids": list(job_ids)})}


def batches(session: Session, names: Collection[str]) -> dict[str, str]:
    """Batch → the version of its row, which is another after each change."""
    return {row.name: row.version for row in session.execute(_BATCHES, {"names": list(names)})}


def invalid_tokens(session: Session, token_ids: Collection[int]) -> set[int]:
    """Those of these tokens that count no longer."""
    return set(session.execute(_INVALID_TOKENS, {"token_ids": list(token_ids)}).scalars())
