"""What each statement reads, as PostgreSQL itself says: captured while functions of `db` run, and then undone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import TextClause, event
from sqlalchemy.orm import Session

from db.engine import engine, transaction
from tests.integration.db.large_tables.fill import SPECIES

#: what PostgreSQL can explain, and how it is prepared if that is new
_EXPLAINED = re.compile(
    r"\s*(?:DEALLOCATE \w+; )?(?P<prepare>PREPARE .*; )?(?P<execute>(?:SELECT|WITH|INSERT|UPDATE|DELETE|EXECUTE)\b.*)",
    re.DOTALL,
)

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
        if explained := _EXPLAINED.fullmatch(statement):
            values = parameters[0] if isinstance(parameters, list) else parameters
            plan = _explain(connection, explained["prepare"], explained["execute"], values)
            self._note(
                context.statement, Reading(_buffers(plan), plan["Actual Total Time"], frozenset(_scans(plan)))
            )

    def _note(self, statement: str, reading: Reading) -> None:
        key = self._call, " ".join(statement.split())
        before = self.readings.get(key, reading)
        self.readings[key] = Reading(
            max(before.buffers, reading.buffers), max(before.ms, reading.ms), before.scans | reading.scans
        )


class _Undo(Exception):
    """Ends a transaction without a commit."""


def _explain(connection: Any, prepare: str | None, execute: str, parameters: Any) -> dict[str, Any]:
    """Return the plan; of what is prepared, that for any parameters, which PostgreSQL may come to use."""
    if prepare:  # under another name, since it is prepared once more when it is executed
        name = prepare.split()[1]
        prepare, execute = (text.replace(name, "explained", 1) for text in (prepare, execute))
    with connection.connection.driver_connection.cursor() as cursor:
        cursor.execute("SAVEPOINT explained")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"{prepare or ''}EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {execute}", parameters)
        plan: dict[str, Any] = cursor.fetchone()[0][0]["Plan"]
        cursor.execute("ROLLBACK TO SAVEPOINT explained")
        cursor.execute("RELEASE SAVEPOINT explained")
        if prepare:
            cursor.execute("DEALLOCATE explained")
    return plan


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
