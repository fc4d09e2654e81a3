"""The lines of a table together: nothing is named twice, and the lines of one strain say the same of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from crobot_tasks.intake.table.attributes import Value
from crobot_tasks.intake.table.columns import ACCESSION, FILES
from crobot_tasks.intake.table.problems import Problems
from crobot_tasks.intake.table.rows import Row

Values = tuple[Value | None, ...]


class Strain:
    """What a table says of one strain; one of them is kept in memory for each."""

    __slots__ = ("assembly", "lines", "sends", "values")

    def __init__(self, line: int, values: Values) -> None:
        self.lines: tuple[int, ...] = (line,)
        self.values = values
        #: whether it is to be assembled: it has no assembly of all these reads
        self.sends = False
        #: barcode of its assembly in use
        self.assembly = ""


class Together:
    """Sees all lines of a table, one after the other."""

    def __init__(self, columns: Sequence[str], problems: Problems) -> None:
        self.columns, self.problems = columns, problems
        #: name → the strain, in the order of their first lines
        self.strains: dict[str, Strain] = {}
        self._runs: dict[str, int] = {}
        self._files: dict[tuple[int, int], int] = {}
        # most strains share their metadata with others
        self._values: dict[Values, Values] = {}

    def add(self, row: Row) -> None:
        """See the next line."""
        for run in row.accessions:
            self._once(self._runs, run, row.line, ACCESSION, run, f"the run {run}")
        strain = self.strains.get(row.strain)
        if strain is None:
            self.strains[row.strain] = Strain(row.line, self._shared(row.values))
            return
        strain.lines += (row.line,)
        strain.values = self._shared(self._merged(row, strain))

    def add_files(self, row: Row) -> None:
        """See the files of a line, which are there: one file by two names is one."""
        for column, path in zip(FILES, row.files, strict=False):
            try:
                found = os.stat(path)
            except OSError as error:
                self.problems.add(row.line, column, path, f"{path!r} cannot be read: {error.strerror}")
                continue
            self._once(self._files, (found.st_dev, found.st_ino), row.line, column, path, f"the file {path}")

    def _once(self, seen: dict[Any, int], key: Any, line: int, column: str, value: str, what: str) -> None:
        before = seen.setdefault(key, 0)
        seen[key] = before or line
        if before:
            self.problems.add(line, column, value, f"{what} is named before, in line {before:,}: remove one")

    def _merged(self, row: Row, strain: Strain) -> Values:
        for name, before, now in zip(self.columns, strain.values, row.values, strict=True):
            if None not in (before, now) and before != now:
                self.problems.add(
                    row.line,
                    name,
                    str(now),
                    f"{now!r} for the strain {row.strain!r}, of which line {strain.lines[0]:,} says {before!r}: "
                    "say the same, or nothing",
                )
        return tuple(
            now if before is None else before for before, now in zip(strain.values, row.values, strict=True)
        )

    def _shared(self, values: Values) -> Values:
        return self._values.setdefault(values, values)
