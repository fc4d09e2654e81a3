"""The connection to PostgreSQL: one engine a process, and transactions that join each other; knows no table."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from psycopg2 import DatabaseError
from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.orm import Session

from crobot_errors import CommitLost, DatabaseUnreachable
from db import prepared
from db.base import SPECIES
from db.jsonb import to_json

log = logging.getLogger(__name__)

T = TypeVar("T")

#: serialization failure, deadlock: PostgreSQL undid the transaction, and it may succeed when repeated
RETRIED_CODES = frozenset({"40001", "40P01"})

#: a connection that was used within this time is taken without asking whether it lives
IDLE_S = 1.0

#: so long a frozen process may keep others waiting for what it has locked, milliseconds
IDLE_IN_TRANSACTION_MS = 30_000

CONNECT_ARGS = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    # a time without a zone means UTC, to Celery and so to us
    "options": f"-c timezone=UTC -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}",
}

_NOTIFY = text("SELECT pg_notify(:channel, '')")
_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_LOCK_ALL = text("""
    SELECT count(pg_advisory_xact_lock(hashtextextended(name, 0)))
    FROM unnest(CAST(:names AS text[])) AS name""")


@dataclass
class _Settings:
    url_source: Callable[[], str] | None = None
    application_name: str = "crobot"
    engine: Engine | None = None


@dataclass
class _Open:
    """The transaction that is open in this thread."""

    session: Session
    database: str | None = None
    callbacks: list[Callable[[], object]] = field(default_factory=list)

    def adopt(self, database: str | None) -> None:
        """Let the rest of the transaction see the tables of this species."""
        if database is None or database == self.database:
            return
        if self.database is not None:
            raise RuntimeError(f"a transaction on {self.database!r} cannot be joined by one on {database!r}")
        self.database = database
        self.session.info["database"] = database
        self.session.connection().execution_options(schema_translate_map={SPECIES: database})


_settings = _Settings()
_settings_lock = threading.Lock()
_open: ContextVar[_Open | None] = ContextVar("open_transaction", default=None)


def configure(url_source: Callable[[], str], application_name: str = "crobot") -> Callable[[], str] | None:
    """Say where the database's URL comes from; it is asked for at first use. Return the former source."""
    with _settings_lock:
        former = _settings.url_source
        if _settings.engine is not None:
            _settings.engine.dispose()
        _settings.url_source, _settings.application_name = url_source, application_name
        _settings.engine = None
    return former


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
        pool_size=5,
        max_overflow=20,
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


def _forget_connections() -> None:
    # a forked child must neither use nor close its parent's sockets
    if _settings.engine is not None:
        _settings.engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_connections)


@contextmanager
def transaction(database: str | None = None) -> Iterator[Session]:
    """Open one transaction, or join the one that this thread has open.

    Inside, the species tables are those of ``database``. Joining commits nothing: the outermost does. An
    outer transaction without a species takes over that of the first one that joins it with one. To survive
    an error inside, put ``session.begin_nested()`` around it.

    Raises:
        DatabaseUnreachable: no connection, or it was lost during the commit.
        RuntimeError: the open transaction is on another species.
    """
    outer = _open.get()
    if outer is not None:
        outer.adopt(database)
        yield outer.session
        return
    unit = _Open(Session(engine()))
    with unit.session:
        _connect(unit.session)
        unit.adopt(database)
        token = _open.set(unit)
        try:
            yield unit.session
            _commit(unit.session)
        finally:
            _open.reset(token)
    with ExitStack() as callbacks:  # each runs, even when another raises
        for callback in reversed(unit.callbacks):
            callbacks.callback(callback)


@contextmanager
def tables_of(session: Session, database: str | None) -> Iterator[None]:
    """Let the open transaction see the tables of this species, whichever it is on, until the block ends."""
    unit = _open.get()
    if unit is None or database is None or database == unit.database:
        yield
        return
    former, unit.database = unit.database, None
    try:
        _leave_tables(session)
        unit.adopt(database)
        yield
        _leave_tables(session)
    finally:
        unit.database = None
        unit.adopt(former)


def _leave_tables(session: Session) -> None:
    # the next species has rows of the same numbers
    session.flush()
    session.expunge_all()


def after_commit(callback: Callable[[], object]) -> None:
    """Call this once the open transaction is committed, never if it is undone; at once when none is open."""
    unit = _open.get()
    if unit is None:
        callback()
    else:
        unit.callbacks.append(callback)


def in_savepoint(session: Session, work: Callable[[], object]) -> Exception | None:
    """Call ``work`` so that its error undoes only its own writes and callbacks; return the error.

    What `retrying` repeats is raised, since it ends the whole transaction.
    """
    unit = _open.get()
    registered = len(unit.callbacks) if unit else 0
    try:
        with session.begin_nested():
            work()
    except Exception as error:
        if may_repeat(error):
            raise
        if unit:
            del unit.callbacks[registered:]
        return error
    return None


def notify(session: Session, channel: str) -> None:
    """Wake the listeners of a channel when the transaction commits."""
    session.execute(_NOTIFY, {"channel": channel})


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
    return bool(session.execute(_TRY_LOCK, {"name": name}).scalar_one())


def database_of(session: Session) -> str:
    """Return the species whose tables the session sees."""
    database = session.info.get("database")
    if database is None:
        raise RuntimeError("the transaction was opened without a species: use transaction(database)")
    return str(database)


def retrying(work: Callable[[], T], attempts: int = 5) -> T:
    """Call ``work``, one whole transaction, again after a deadlock or a connection lost before the commit."""
    if _open.get() is not None:
        return work()
    for attempt in range(1, attempts):
        try:
            return work()
        except DBAPIError as error:
            if not may_repeat(error):
                raise
        time.sleep(random.uniform(0, 0.02 * 2**attempt))
    return work()


def patiently(work: Callable[[], T]) -> T:
    """Do the same as `retrying`, however long the database is away; an open transaction is repeated by its owner."""
    if _open.get() is not None:
        return work()
    while True:
        try:
            return retrying(work)
        # Whatever shape its absence takes.
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("the database is away, and waited for: %s", error)
            time.sleep(1)


def unreachable(url: URL, reason: object) -> DatabaseUnreachable:
    """Return the error that says which server does not answer, and what to do."""
    return DatabaseUnreachable(
        f"PostgreSQL at {url.host or 'localhost'}:{url.port or 5432}, database {url.database!r}, does not answer: "
        f"{str(reason).strip()}. Start it, or correct crobot_database_url (CROBOT_DATABASE_URL)."
    )


def _connect(session: Session) -> None:
    try:
        session.connection()
    except OperationalError as error:
        raise unreachable(engine().url, error.orig) from error


def _commit(session: Session) -> None:
    # flushed first: an error there comes before the commit, so nothing was stored for certain
    session.flush()
    try:
        session.commit()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise CommitLost(
            f"the connection to PostgreSQL was lost in a commit: it is not known whether it was stored ({error.orig})"
        ) from error


def is_away(error: BaseException) -> bool:
    """Whether the database did not answer, or was lost on the way: the same may succeed when it is back."""
    return isinstance(error, DatabaseUnreachable) or may_repeat(error)


def may_repeat(error: BaseException) -> bool:
    """Whether the whole transaction may succeed when it is done again (a deadlock, a lost connection)."""
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated or getattr(error.orig, "pgcode", None) in RETRIED_CODES
    )
