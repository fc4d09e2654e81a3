"""Statements that run for every job: planned once for each connection, and executed without SQLAlchemy's part of it.

Planning them took PostgreSQL as long as executing them. psycopg2 prepares nothing, so this is SQL's own PREPARE and
EXECUTE. And of the time that a process of ours takes for a short statement, SQLAlchemy takes three quarters: it makes a
context, a result and rows for whatever a statement may be. These are text with parameters, and give tuples.

PostgreSQL would plan the first five executions for their values, and go on with that where a list of values makes the
plan for any values look dear. It is told not to: a plan is made once, for any values. So none of these statements may
need its values for a good plan, and none reads the partitions of past jobs, all of which such a plan would contain.

A plan is right for tables of the size that they had: after a while and some use it is made anew, so that a database
that was empty when its heads began does not keep the plans of small tables. Such a statement names its columns: with
``*``, it would fail on the connections that are open while a migration adds one.

Behind a pooler, which may give each transaction another of the server's processes, nothing is prepared.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, NoReturn

import psycopg2
from psycopg2.extras import NamedTupleCursor
from sqlalchemy import URL, Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db.jsonb import to_json

#: so many seconds a connection keeps a plan
KEPT_S = 10.0
#: and beyond them for so many executions: whoever sends a job now and then does not wait for plans each time
KEPT_USES = 20

#: a parameter, as psycopg2 knows it
_PARAMETER = re.compile(r"%\((\w+)\)s")
#: the first table that a statement is about
_FIRST = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM|FROM) crobot\.(\w+)")
_DIALECT = URL.create("postgresql+psycopg2").get_dialect()()
_numbers = count(1)


@dataclass
class _Made:
    """A statement that a connection has prepared."""

    name: str
    #: monotonic seconds
    at: float
    #: so often it was executed
    uses: int = 1

    def is_fresh(self, now: float) -> bool:
        """Whether its plan may be used once more."""
        return now - self.at < KEPT_S or self.uses < KEPT_USES


class Prepared:
    """A statement that is prepared at its first execution on a connection; its parameters stand in it as ``:name``."""

    def __init__(
        self, sql: str, *, json: Collection[str] = (), types: Mapping[str, str] | None = None
    ) -> None:
        """Take the statement's text.

        Args:
            json: parameters that are written as JSON; None among them is SQL's NULL.
            types: PostgreSQL's, of parameters of which the statement does not say it: of lists that it casts, say.
        """
        self.text = sql
        self._json = frozenset(json)
        self._sql = str(text(sql).compile(dialect=_DIALECT))
        names = list(dict.fromkeys(_PARAMETER.findall(self._sql)))
        self._word = _word(sql)
        self._given = _in_brackets(f"%({name})s" for name in names)
        places = {name: f"${number}" for number, name in enumerate(names, 1)}
        body = _PARAMETER.sub(lambda found: places[found[1]], self._sql)
        self._body = f"{_in_brackets((types or {}).get(name, 'unknown') for name in names)} AS {body}"

    def rows(self, session: Session | Connection, values: Mapping[str, Any] | None = None) -> list[Any]:
        """Execute it in the session's transaction, and return the rows, whose columns are attributes.

        Raises:
            DBAPIError: whatever PostgreSQL answers, as SQLAlchemy would raise it.
        """
        connection = session if isinstance(session, Connection) else session.connection()
        given = {name: self._adapted(name, value) for name, value in (values or {}).items()}
        raw: Any = connection.connection.driver_connection
        try:
            with raw.cursor(cursor_factory=NamedTupleCursor) as cursor:
                self._execute(connection, cursor, given)
                return list(cursor.fetchall()) if cursor.description else []
        except psycopg2.Error as error:
            _raise(connection, self.text, values, error)

    def _adapted(self, name: str, value: Any) -> Any:
        return to_json(value) if name in self._json and value is not None else value

    def _execute(self, connection: Connection, cursor: Any, given: Mapping[str, Any]) -> None:
        made: dict[Prepared, _Made] | None = connection.info.get("prepared")
        if made is None:
            cursor.execute(self._sql, given)
            return
        known, now = made.get(self), time.monotonic()
        if known is not None and known.is_fresh(now):
            known.uses += 1
            cursor.execute(self.executing(known.name), given)
            return
        # All in one round trip. It is noted once it worked: in a transaction that has failed, nothing is prepared.
        made.pop(self, None)
        new = _Made(f"crobot_{next(_numbers)}_{self._word}", now)
        former = f"DEALLOCATE {known.name}; " if known is not None else ""
        cursor.execute(f"{former}{self.preparing(new.name)}; {self.executing(new.name)}", given)
        made[self] = new

    def preparing(self, name: str) -> str:
        """Return the SQL that prepares it under this name."""
        return f"PREPARE {name}{self._body}"

    def executing(self, name: str) -> str:
        """Return the SQL that executes what is prepared under this name, with parameters as psycopg2 knows them."""
        return f"EXECUTE {name}{self._given}"


def listen(engine: Engine) -> None:
    """Let the connections of this engine keep what is prepared."""
    event.listen(engine, "connect", _begin)


def _begin(connection: Any, record: Any) -> None:
    """Have a new connection keep what is prepared; that of a pooler keeps nothing.

    The process that answers through a pooler is not the one that the connection was made to.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
        is_pooled = pid != connection.info.backend_pid
        if not is_pooled:
            cursor.execute("SET plan_cache_mode = force_generic_plan")
    connection.commit()
    record.info["prepared"] = None if is_pooled else {}


def _raise(connection: Connection, sql: str, values: Any, error: psycopg2.Error) -> NoReturn:
    """Raise the error as SQLAlchemy would; after a lost connection no other is used that was open then."""
    dialect: Any = connection.dialect
    is_lost = dialect.is_disconnect(error, connection.connection.driver_connection, None)
    if is_lost:
        connection.invalidate(error)
        connection.engine.dispose()
    raised = DBAPIError.instance(
        sql, values, error, psycopg2.Error, connection_invalidated=is_lost, dialect=dialect
    )
    raise raised from error


def _word(sql: str) -> str:
    """Say what a statement does, for whoever looks at what the server is doing: update_jobs."""
    found = _FIRST.search(sql)
    return f"{found[1].split()[0]}_{found[2]}".lower() if found else "statement"


def _in_brackets(texts: Any) -> str:
    listed = ", ".join(texts)
    return f" ({listed})" if listed else ""
