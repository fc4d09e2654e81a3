"""Queries on the PostgreSQL server itself: its version and settings, and whether a pooler stands before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.engine import engine

_SETTINGS = text("SELECT name, setting FROM pg_settings WHERE name = ANY(:names)")

_STATE = text("""
    SELECT current_setting('server_version') AS version,
           CAST(current_setting('server_version_num') AS int) / 10000 AS major,
           pg_is_in_recovery() AS standby, clock_timestamp() AS clock, current_user AS user,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
           age(datfrozenxid) AS transactions_since_freeze, pg_encoding_to_char(encoding) AS encoding
    FROM pg_database WHERE datname = current_database()""")

_NOT_VACUUMED = text("""
    SELECT relname FROM pg_class
    WHERE relnamespace = to_regnamespace('crobot') AND relkind = 'r'
      AND EXISTS (SELECT FROM unnest(reloptions) AS one WHERE one ~* '^autovacuum_enabled=(f|off|0|n)')
    ORDER BY relname""")

_BLOATED = text("""
    SELECT relname, n_dead_tup, n_live_tup FROM pg_stat_user_tables
    WHERE schemaname = 'crobot' AND n_dead_tup > :least AND n_dead_tup > n_live_tup ORDER BY n_dead_tup DESC""")

# One moment for all that is read, so that it fits together.
_ONLY_READ = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_TIMEOUT = text("SELECT set_config('statement_timeout', :timeout, true)")


def only_read(session: Session, timeout_s: float) -> None:
    """Let the transaction, which has read nothing yet, see one moment and change nothing; a statement has so long."""
    session.execute(_ONLY_READ)
    session.execute(_TIMEOUT, {"timeout": f"{round(timeout_s * 1000)}ms"})


def settings(session: Session, names: Sequence[str]) -> Mapping[str, str]:
    """Return settings as this connection has them, in their own units."""
    return {row.name: row.setting for row in session.execute(_SETTINGS, {"names": list(names)})}


def state(session: Session) -> Row[Any]:
    """Return version, clock and rights, how many are connected, and how many transactions lie behind a freeze."""
    return session.execute(_STATE).one()


def not_vacuumed(session: Session) -> Sequence[str]:
    """Return our tables for which autovacuum is switched off."""
    return session.execute(_NOT_VACUUMED).scalars().all()


def bloated(session: Session, least: int) -> Sequence[Row[Any]]:
    """Return our tables with more dead rows than live ones, and more than ``least``."""
    return session.execute(_BLOATED, {"least": least}).all()


def shares_connections(rounds: int = 4) -> bool:
    """Whether two connections of ours get the same server process in turn: a pooler hands them out by transaction.

    No transaction stays open meanwhile, so a pooler with a single connection answers, too.
    """
    seen: tuple[set[int], set[int]] = set(), set()
    with engine().connect() as first, engine().connect() as second:
        for _ in range(rounds):
            for connection, processes in zip((first, second), seen, strict=True):
                processes.add(int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()))
                connection.commit()
    return bool(seen[0] & seen[1]) or max(map(len, seen)) > 1
