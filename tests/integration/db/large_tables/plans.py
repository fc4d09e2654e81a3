"""What each statement reads, as PostgreSQL itself says: captured while functions of `db` run, and then undone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from sqlalchemy import TextClause, event
from sqlalchemy.orm import Session

from db.engine import engine, transaction
from db.prepared import Prepared
from tests.integration.db.large_tables.fill import SPECIES

#: what PostgreSQL can explain
_EXPLAINED = re.compile(r"\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b.*", re.DOTALL)

#: what the capture stands before
EXECUTE = Prepared._execute

#: rows of a table that may be read from end to end
LARGE = 10_000


@dataclass
class Reading:
    """What one statement read."""

    #: blocks of 8 kB
    buffers: int
    ms: float
    #: tables that were read from end to end
    scans: frozenset[str]
    #: what PostgreSQL needed for its plan: it grows with the tables, partitions and indexes that it looks at
    planning_kb: int = 0
    planning_ms: float = 0.0


@dataclass
class Plans:
    """What the statements of some calls read: (call, statement) → the most that it read at once."""

    readings: dict[tuple[str, str], Reading] = field(default_factory=dict)
    #: the texts that were executed, by which named statements are known
    executed: set[str] = field(default_factory=set)
    _call: str = ""

    def buffers(self, call: str, statement: str) -> int:
        """How many blocks a statement read; 0 if it was not executed."""
        reading = self.readings.get((call, statement))
        return reading.buffers if reading else 0

    def run(self, call: str, function: Callable[[Session], Any]) -> None:
        """Run a function in a transaction, with each of its statements explained before it is executed."""
        self._call = call
        try:
            with transaction(SPECIES) as session, self._captured():
                result = function(session)
                if isinstance(result, Iterator):
                    list(result)
                raise _Undo
        except _Undo:
            pass

    @contextmanager
    def _captured(self) -> Iterator[None]:
        event.listen(engine(), "before_execute", self._before_execute)
        event.listen(engine(), "before_cursor_execute", self._before_cursor)
        try:
            with patch.object(Prepared, "_execute", lambda *given: self._execute(*given)):
                yield
        finally:
            event.remove(engine(), "before_cursor_execute", self._before_cursor)
            event.remove(engine(), "before_execute", self._before_execute)

    def _before_execute(self, connection: Any, statement: Any, *rest: Any) -> None:
        if isinstance(statement, TextClause):
            self.executed.add(statement.text)

    def _before_cursor(
        self, connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if _EXPLAINED.fullmatch(statement):
            values = parameters[0] if isinstance(parameters, list) else parameters
            self._note(context.statement, _explain(connection, statement, values))

    def _execute(self, statement: Prepared, connection: Any, cursor: Any, values: Any) -> None:
        self.executed.add(statement.text)
        self._note(statement.text, _explain_prepared(connection, statement, values))
        EXECUTE(statement, connection, cursor, values)

    def _note(self, statement: str, explained: dict[str, Any]) -> None:
        key = self._call, " ".join(statement.split())
        plan = explained["Plan"]
        reading = Reading(
            _buffers(plan),
            plan["Actual Total Time"],
            frozenset(_scans(plan)),
            explained["Planning"]["Memory Used"],
            explained["Planning Time"],
        )
        before = self.readings.get(key, reading)
        self.readings[key] = Reading(
            max(before.buffers, reading.buffers),
            max(before.ms, reading.ms),
            before.scans | reading.scans,
            max(before.planning_kb, reading.planning_kb),
            min(before.planning_ms, reading.planning_ms),
        )


class _Undo(Exception):
    """Ends a transaction without a commit."""


def _explain_prepared(connection: Any, statement: Prepared, values: Any) -> dict[str, Any]:
    """Return the plan for any values, which PostgreSQL may come to use."""
    with connection.connection.cursor() as cursor:
        cursor.execute(statement.preparing("explained"))
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        try:
            return _explain(connection, statement.executing("explained"), values)
        finally:
            cursor.execute("DEALLOCATE explained")


def _explain(connection: Any, statement: str, values: Any) -> dict[str, Any]:
    """Return the plan, and what it took to make it, of a statement that is executed and undone."""
    with connection.connection.cursor() as cursor:
        cursor.execute("SAVEPOINT explained")
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, MEMORY, FORMAT JSON) {statement}", values)
        explained: dict[str, Any] = cursor.fetchone()[0][0]
        cursor.execute("ROLLBACK TO SAVEPOINT explained")
        cursor.execute("RELEASE SAVEPOINT explained")
    return explained


def _buffers(plan: dict[str, Any]) -> int:
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _scans(plan: dict[str, Any]) -> Iterator[str]:
    """Tables of which more than `LARGE` rows were read one after the other."""
    if plan["Node Type"] == "Seq Scan":
        times = plan["Actual Loops"] if plan["Parallel Aware"] else 1
        if (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * times > LARGE:
            yield plan["Relation Name"]
    for inner in plan.get("Plans", ()):
        yield from _scans(inner)
