"""Statements that run for every job: PostgreSQL plans them once for each connection, and not at each execution.

Planning them took as long as executing them. psycopg2 prepares nothing, so this is SQL's own PREPARE and EXECUTE.

A plan is right for tables of the size that they had: after a while it is made anew, so that a database that was empty
when its heads began does not keep the plans of small tables. Such a statement names its columns: with ``*``, it would
fail on the connections that are open while a migration adds one.

Behind a pooler, which may give each transaction another of the server's processes, nothing is prepared.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

from sqlalchemy import Engine, TextClause, event, text

#: so many seconds a connection keeps a plan
KEPT_S = 10.0

#: a parameter, as SQLAlchemy writes it for psycopg2
_PARAMETER = re.compile(r"%\((\w+)\)s")
#: the first table that a statement is about
_FIRST = re.compile(r"(INSERT INTO|UPDATE|DELETE FROM|FROM) crobot\.(\w+)")
_numbers = count(1)


def prepared(sql: str, **types: str) -> TextClause:
    """Return a statement that is prepared at its first execution on a connection.

    ``types`` are PostgreSQL's, of parameters of which the statement does not say it: of lists that it casts, say.
    """
    return text(sql).execution_options(prepared=tuple(types.items()))


def listen(engine: Engine) -> None:
    """Let the connections of this engine execute what `prepared` made."""
    event.listen(engine, "connect", _look_for_a_pooler)
    event.listen(engine, "before_cursor_execute", _execute_prepared, retval=True)
    event.listen(engine, "after_cursor_execute", _note)


def _look_for_a_pooler(connection: Any, record: Any) -> None:
    """Note whether the process that answers is the one that the connection was made to: of a pooler it is not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    connection.rollback()
    record.info["prepared"] = {} if pid == connection.info.backend_pid else None


@dataclass(frozen=True)
class _Made:
    """A statement that a connection has prepared."""

    name: str
    #: monotonic seconds
    at: float


def _execute_prepared(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> tuple[str, Any]:
    types = context.execution_options.get("prepared") if context else None
    made: dict[str, _Made] | None = connection.info.get("prepared")
    if types is None or made is None or executemany:
        return statement, parameters
    known, now = made.get(statement), time.monotonic()
    if known is not None and now - known.at < KEPT_S:
        return f"EXECUTE {known.name}{_given(statement)}", parameters
    # All in one round trip. It is noted once it worked: in a transaction that has failed before, nothing is prepared.
    made.pop(statement, None)
    new = _Made(f"crobot_{next(_numbers)}_{_word(statement)}", now)
    context.prepared = statement, new
    former = f"DEALLOCATE {known.name}; " if known is not None else ""
    return (
        f"{former}PREPARE {new.name}{_body(statement, types)}; EXECUTE {new.name}{_given(statement)}",
        parameters,
    )


def _note(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    if (new := getattr(context, "prepared", None)) is not None:
        connection.info["prepared"][new[0]] = new[1]


@cache
def _word(statement: str) -> str:
    """Say what it does, for whoever looks at what the server is doing: update_jobs."""
    found = _FIRST.search(statement)
    return f"{found[1].split()[0]}_{found[2]}".lower() if found else "statement"


@cache
def _given(statement: str) -> str:
    names = _names(statement)
    return f" ({', '.join(f'%({name})s' for name in names)})" if names else ""


@cache
def _body(statement: str, types: tuple[tuple[str, str], ...]) -> str:
    names, known = _names(statement), dict(types)
    places = {name: f"${number}" for number, name in enumerate(names, 1)}
    declared = f" ({', '.join(known.get(name, 'unknown') for name in names)})" if names else ""
    return f"{declared} AS {_PARAMETER.sub(lambda found: places[found[1]], statement)}"


def _names(statement: str) -> list[str]:
    return list(dict.fromkeys(_PARAMETER.findall(statement)))
