"""The engine of a process: where the database is, and the settings that all connections have."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from psycopg2 import DatabaseError
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError

from crobot_errors import DatabaseUnreachable
from db import prepared
from db.jsonb import to_json

#: connections that nobody uses and that stay open nevertheless; a process with more threads says so
KEPT = 5

#: a connection that was used within this time is taken without asking whether it lives
IDLE_S = 1.0

#: settings with which each connection begins, as pg_settings shows them
OURS = {
    # a time without a zone means UTC, to Celery and so to us
    "TimeZone": "UTC",
    # so long a frozen process may keep others waiting for what it has locked, milliseconds
    "idle_in_transaction_session_timeout": "30000",
    # PostgreSQL would compile what it takes for long queries: 0.3 to 1.4 s for some of ours that take 0.1 s
    "jit": "off",
}

CONNECT_ARGS = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "options": " ".join(f"-c {name}={value}" for name, value in OURS.items()),
}


@dataclass
class _Settings:
    url_source: Callable[[], str] | None = None
    application_name: str = "crobot"
    engine: Engine | None = None
    kept: int = KEPT


_settings = _Settings()
_settings_lock = threading.Lock()


def configure(url_source: Callable[[], str], application_name: str = "crobot") -> Callable[[], str] | None:
    """Say where the database's URL comes from; it is asked for at first use. Return the former source."""
    with _settings_lock:
        former = _settings.url_source
        if _settings.engine is not None:
            _settings.engine.dispose()
        _settings.url_source, _settings.application_name = url_source, application_name
        _settings.engine = None
    return former


def keep_open(connections: int) -> None:
    """Keep so many connections open while nobody uses them: one for each thread that asks the database all the time.

    What is beyond is closed after each transaction, and to open another takes longer than most transactions.
    """
    with _settings_lock:
        if _settings.engine is not None:
            _settings.engine.dispose()
        _settings.kept, _settings.engine = max(connections, KEPT), None


def engine() -> Engine:
    """Return the process's engine."""
    if _settings.engine is not None:
        return _settings.engine
    with _settings_lock:
        if _settings.engine is None:
            if _settings.url_source is None:
                raise RuntimeError(
                    "nobody has said where the database is: import crobot_tasks.jobs, or call db.engine.configure()"
                )
            _settings.engine = open_engine(_settings.url_source(), _settings.application_name)
        return _settings.engine


def open_engine(url: str, application_name: str = "crobot") -> Engine:
    """Create an engine for a URL, with the settings that all of CRobot's connections have."""
    engine = create_engine(
        with_driver(make_url(url)),
        pool_size=_settings.kept,
        max_overflow=20,
        # the one that was used last: its process is warm, and has just prepared what comes next
        pool_use_lifo=True,
        executemany_mode="values_plus_batch",
        json_serializer=to_json,
        connect_args={**CONNECT_ARGS, "application_name": application_name},
    )
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _ping_if_idle)
    prepared.listen(engine)
    return engine


def _note_use(connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


def _ping_if_idle(connection: Any, record: Any, proxy: Any) -> None:
    """See whether a connection still lives, but not a thousand times a second."""
    if time.monotonic() - record.info.get("used_at", 0.0) < IDLE_S:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except DatabaseError as error:
        raise DisconnectionError from error


def with_driver(url: URL) -> URL:
    """Return the URL with psycopg2 as its driver: a bare ``postgresql://`` would mean psycopg 3."""
    if url.drivername in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg2")
    return url


def unreachable(url: URL, reason: object) -> DatabaseUnreachable:
    """Return the error that says which server does not answer, and what to do."""
    return DatabaseUnreachable(
        f"PostgreSQL at {url.host or 'localhost'}:{url.port or 5432}, database {url.database!r}, does not answer: "
        f"{str(reason).strip()}. Start it, or correct crobot_database_url (CROBOT_DATABASE_URL)."
    )


def _forget_connections() -> None:
    # a forked child must neither use nor close its parent's sockets
    if _settings.engine is not None:
        _settings.engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_connections)
