"""Transactions that join each other: the outermost one of a thread commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from crobot_errors import CommitLost
from db.base import SPECIES
from db.engine.connections import engine, unreachable
from db.engine.lost import may_repeat
from db.prepared import Prepared

_NOTIFY = Prepared("SELECT pg_notify(:channel, '')")


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


_open: ContextVar[_Open | None] = ContextVar("open_transaction", default=None)


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
        _connected(unit.session.connection)
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


@contextmanager
def reading() -> Iterator[Session | Connection]:
    """Give what executes one statement that only reads, in the transaction that is open, or without one.

    A transaction of its own would take two more round trips, to begin it and to end it; and a session, which here
    keeps nothing, three times as long as the connection alone.

    Raises:
        DatabaseUnreachable: no connection.
    """
    outer = _open.get()
    if outer is not None:
        yield outer.session
        return
    with _connected(engine().connect) as connection:
        raw: Any = connection.connection.driver_connection
        raw.autocommit = True
        try:
            yield connection
        finally:
            if not raw.closed:
                raw.autocommit = False


def is_open() -> bool:
    """Whether this thread has a transaction open."""
    return _open.get() is not None


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
    _NOTIFY.rows(session, {"channel": channel})


def database_of(session: Session) -> str:
    """Return the species whose tables the session sees."""
    database = session.info.get("database")
    if database is None:
        raise RuntimeError("the transaction was opened without a species: use transaction(database)")
    return str(database)


def _connected(connect: Callable[[], Connection]) -> Connection:
    try:
        return connect()
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
