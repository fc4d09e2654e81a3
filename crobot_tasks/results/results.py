"""The table of a species: its columns, and its lines one after the other, whatever their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.results import of_assemblies
from crobot_tasks.results.conditions import condition, named
from crobot_tasks.results.line import Line, Value
from crobot_tasks.results.of_schemes import INNER, OfScheme, number_of, of_scheme
from db.engine import transaction
from db.known_species import find_species
from db.species import profiles, result_rows
from db.species.new_reads import attribute_names
from db.species.schemes import find_scheme

#: assemblies that are read in one transaction
SLICE = 2_000
#: assemblies that are looked at for a page of those with some conditions
LOOKED_AT = 10 * SLICE


class Results:
    """The genomes of a species as one table, the oldest first, each with what all schemes found.

    ``schemes`` are the names of those that are wanted, by default all that are for people; ``where`` are conditions, as
    `crobot_tasks.results.conditions.condition` reads them; ``in_use`` leaves out assemblies that are not their
    strain's one in use; ``columns`` are the names of those that are wanted, in their order, by default all.

    Raises:
        UnknownSpecies, UnknownScheme: there is none of this name.
        BadInput: a condition cannot be, or there is no such column.
    """

    def __init__(
        self,
        database: str,
        *,
        schemes: Sequence[str] = (),
        where: Sequence[str] = (),
        in_use: bool = False,
        columns: Sequence[str] = (),
    ) -> None:
        self.database, self._in_use = database, in_use
        with transaction() as session:
            find_species(session, database)
        with transaction(database) as session:
            metadata = sorted(attribute_names(session))
            self._schemes = [_of(session, scheme) for scheme in _wanted(session, schemes)]
        known = of_assemblies.columns(metadata) + [column for one in self._schemes for column in one.columns]
        #: in order; those of a scheme are named MLST_Achtman.ST
        self.columns = [named(name, known) for name in columns] if columns else known
        #: of each scheme the one that says most
        self.main_columns = [one.main for one in self._schemes]
        self._conditions = [condition(text, known) for text in where]

    def lines(self) -> Iterator[Line]:
        """Yield the lines that are wanted; no transaction stays open meanwhile."""
        after = 0
        while True:
            with transaction(self.database) as session:
                rows = result_rows.assemblies(session, after, SLICE, in_use=self._in_use)
                found = self._lines(session, rows)
            if not rows:
                return
            yield from filter(self._is_wanted, found)
            after = rows[-1].id

    def newest(self, limit: int, before: int | None = None) -> tuple[list[list[Value]], int | None]:
        """Return a page of at most so many rows, the newest first, and the number to go on before; None: that was all.

        ``before`` is such a number. So that it ends in time where few are wanted, no more than `LOOKED_AT` assemblies
        are looked at for a page: it may have fewer rows, or none, although others follow.
        """
        wanted: list[list[Value]] = []
        # one more than are shown tells whether any follow
        part = SLICE if self._conditions else limit + 1
        for _ in range(LOOKED_AT // SLICE):
            with transaction(self.database) as session:
                rows = result_rows.newest_assemblies(session, before, part, in_use=self._in_use)
                found = self._lines(session, rows)
            for line in found:
                if len(wanted) == limit:
                    return wanted, before
                before = line.assembly.id
                if self._is_wanted(line):
                    wanted.append(self._row(line))
            if len(rows) < part:
                return wanted, None
        return wanted, before

    def rows(self) -> Iterator[list[Value]]:
        """Yield the values of each line, in the order of the columns; None is not known."""
        for line in self.lines():
            yield self._row(line)

    def _row(self, line: Line) -> list[Value]:
        return [column.value(line) for column in self.columns]

    def _is_wanted(self, line: Line) -> bool:
        return all(is_met(line) for is_met in self._conditions)

    def _lines(self, session: Any, rows: Sequence[Any]) -> list[Line]:
        ids = [row.id for row in rows]
        standings = {
            one.scheme.id: result_rows.standings(session, one.scheme.id, ids, one.paths)
            for one in self._schemes
        }
        said = {one.scheme.id: _said(session, one, standings) for one in self._schemes if one.is_typing}
        return [
            Line(
                row,
                {scheme_id: found[row.id] for scheme_id, found in standings.items() if row.id in found},
                {scheme_id: found.get(row.id, {}) for scheme_id, found in said.items()},
            )
            for row in rows
        ]


def _said(session: Any, one: OfScheme, standings: dict[int, dict[int, Any]]) -> dict[int, dict[str, str]]:
    """Return assembly id → what is published of its sequence type."""
    numbers = {assembly: number_of(row) for assembly, row in standings[one.scheme.id].items()}
    wanted = {number for number in numbers.values() if number is not None}
    published = result_rows.published(session, one.scheme.id, sorted(wanted))
    return {assembly: published.get(number, {}) for assembly, number in numbers.items() if number is not None}


def _wanted(session: Any, names: Sequence[str]) -> list[Any]:
    for name in names:
        find_scheme(session, name)
    return [
        scheme for scheme in result_rows.schemes(session, names) if names or scheme.description not in INNER
    ]


def _of(session: Any, scheme: Any) -> OfScheme:
    return of_scheme(scheme, profiles.loci(session, scheme) if scheme.param.get("scheme") else ())
