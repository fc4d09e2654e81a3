"""Queries of the work at hand, for pages: live jobs by pipeline, and what ended lately."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.crobot import LIVE_SQL

_LIVE = text(f"""
    SELECT pipeline, count(*) FILTER (WHERE state = 'WAITING') AS waiting,
           count(*) FILTER (WHERE held_at IS NOT NULL) AS held,
           count(*) FILTER (WHERE state = 'ROUTED') AS routed, count(*) FILTER (WHERE state = 'RUNNING') AS running,
           min(id) FILTER (WHERE state = 'WAITING' AND held_at IS NULL) AS first
    FROM crobot.jobs WHERE {LIVE_SQL} GROUP BY pipeline ORDER BY pipeline""")

# Attempts, since these have an index by their end; of a job, the last attempt ends with it.
_ENDED = text("""
    SELECT date_trunc('hour', ended_at) AS hour, outcome, count(*) AS attempts
    FROM crobot.attempts WHERE ended_at > now() - make_interval(hours => :hours)
    GROUP BY 1, 2 ORDER BY 1""")

_LIVE_OF_SPECIES = text(f"""
    SELECT database, state, count(*) AS jobs FROM crobot.jobs
    WHERE {LIVE_SQL} AND database IS NOT NULL GROUP BY database, state ORDER BY database, state""")

_IGNORED = text("""
    SELECT COALESCE(sum(reports_ignored), 0) FROM crobot.attempts
    WHERE ended_at > now() - make_interval(hours => :hours)""")

_LONG = text("""
    SELECT pid, application_name, EXTRACT(epoch FROM now() - xact_start) AS open_s, state, left(query, 200) AS query
    FROM pg_stat_activity
    WHERE datname = current_database() AND xact_start < now() - make_interval(secs => :longer_s)
      AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    ORDER BY xact_start LIMIT 5""")

# What was sent ahead of its turn waits for cores, and is passed over. The list of live attempts has an index by node.
_NOT_BEGUN = text("""
    SELECT n.name AS node, count(*) AS jobs, min(a.routed_at) AS since, min(a.job_id) AS first
    FROM crobot.nodes n JOIN crobot.attempts a ON a.node = n.name AND a.ended_at IS NULL
    WHERE n.lost_at IS NULL AND n.heartbeat_at > now() - make_interval(secs => :longer_s)
      AND a.started_at IS NULL AND a.routed_at < now() - make_interval(secs => :longer_s)
      AND a.cores <= n.cores - (SELECT COALESCE(sum(b.cores), 0) FROM crobot.attempts b
                                WHERE b.node = n.name AND b.ended_at IS NULL AND b.started_at IS NOT NULL)
    GROUP BY n.name ORDER BY n.name""")

_OLDEST_TRANSACTION = text("""
    SELECT COALESCE(EXTRACT(epoch FROM now() - min(xact_start)), 0) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend'""")
_DEAD_ROWS = text(
    "SELECT relname, n_dead_tup FROM pg_stat_user_tables WHERE schemaname = 'crobot' ORDER BY relname"
)


def live(session: Session) -> Sequence[Row[Any]]:
    """For each pipeline with live jobs: how many wait, are held, routed and run; and the ``first`` that waits."""
    return session.execute(_LIVE).all()


def live_of_species(session: Session) -> Sequence[Row[Any]]:
    """How many live ``jobs`` each species (``database``) has in each ``state``."""
    return session.execute(_LIVE_OF_SPECIES).all()


def reports_ignored(session: Session, hours: int) -> int:
    """How many reports changed nothing, since their attempts had ended: of those that ended lately."""
    return int(session.execute(_IGNORED, {"hours": hours}).scalar_one())


def ended(session: Session, hours: int) -> Sequence[Row[Any]]:
    """For each hour and outcome of late: how many attempts ended."""
    return session.execute(_ENDED, {"hours": hours}).all()


def long_transactions(session: Session, longer_s: float) -> Sequence[Row[Any]]:
    """Transactions of any client that are open for longer than so many seconds, the oldest first."""
    return session.execute(_LONG, {"longer_s": longer_s}).all()


def not_begun(session: Session, longer_s: float) -> Sequence[Row[Any]]:
    """For each node that is up: ``jobs`` that it has cores for and has not begun for so long, and the ``first``."""
    return session.execute(_NOT_BEGUN, {"longer_s": longer_s}).all()


def oldest_transaction_s(session: Session) -> float:
    """How many seconds the oldest transaction of any client is open."""
    return float(session.execute(_OLDEST_TRANSACTION).scalar_one())


def dead_rows(session: Session) -> Sequence[Row[Any]]:
    """For each table of the schema: how many rows vacuum has still to remove, as PostgreSQL estimates it."""
    return session.execute(_DEAD_ROWS).all()
