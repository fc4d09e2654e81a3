"""One line of a table: which strain, which reads, which metadata; each value is checked by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from crobot_errors import BadInput
from crobot_tasks.intake.table import attributes
from crobot_tasks.intake.table.columns import ACCESSION, FILES, STRAIN, Columns
from crobot_tasks.intake.table.problems import Problems
from db.species.strains import check_read_name, checked_name
from workers.short_reads.reads import checked_accession

_BETWEEN_RUNS = re.compile(r"[;,\s]+")


class Row(NamedTuple):
    """A line whose values can be."""

    line: int
    strain: str
    accessions: tuple[str, ...]
    #: read1 and read2, or nothing
    files: tuple[str, ...]
    #: in the order of `Columns.attributes`; None where the cell is empty
    values: tuple[attributes.Value | None, ...]

    @property
    def read_sets(self) -> list[tuple[str, ...]]:
        """Its read sets, each an accession or two files."""
        return [(run,) for run in self.accessions] + ([self.files] if self.files else [])


def row(line: int, cells: Sequence[str], columns: Columns, year: int, problems: Problems) -> Row | None:
    """Return a line as a row, or None if something of it cannot be."""
    before = problems.count
    if not _check_number(line, cells, columns, problems):
        return None
    named = {name: cell for name, cell in zip(columns.names, cells, strict=False) if name}
    check = _Check(line, problems)
    strain = check.strain(named[STRAIN])
    accessions = check.accessions(named.get(ACCESSION, ""))
    files = check.files(*(named.get(name, "") for name in FILES))
    if not named.get(ACCESSION) and not any(named.get(name) for name in FILES):
        check.tell(_reads_column(columns), "", "there are no reads: give an accession or two files")
    values = {name: check.attribute(name, named[name], year) for name in columns.attributes}
    check.date(values)
    return Row(line, strain, accessions, files, tuple(values.values())) if problems.count == before else None


def _check_number(line: int, cells: Sequence[str], columns: Columns, problems: Problems) -> bool:
    there, wanted = len(cells), len(columns.names)
    if there < wanted:
        missing = columns.titles[there]
        problems.add(
            line,
            missing,
            "",
            f"the line has {there} cells, the header {wanted}: {missing!r} and on are missing",
        )
    elif any(cells[wanted:]):
        problems.add(
            line,
            "",
            cells[wanted],
            f"the line has {there} cells, the header {wanted}: {cells[wanted]!r:.60} is one too many",
        )
    else:
        # spreadsheets write empty cells behind the last column
        return True
    return False


def _reads_column(columns: Columns) -> str:
    return ACCESSION if ACCESSION in columns.names else FILES[0]


class _Check:
    """Checks the values of one line."""

    def __init__(self, line: int, problems: Problems) -> None:
        self.line, self.problems = line, problems

    def tell(self, column: str, value: str, why: str) -> None:
        self.problems.add(self.line, column, value, why)

    def strain(self, text: str) -> str:
        if not text:
            self.tell(STRAIN, "", "the strain has no name: give it one")
            return ""
        try:
            return checked_name(text)
        except BadInput as error:
            self.tell(STRAIN, text, _short(error))
            return ""

    def accessions(self, text: str) -> tuple[str, ...]:
        runs = tuple(run for run in _BETWEEN_RUNS.split(text) if run)
        if text and not runs:
            self.tell(
                ACCESSION, text, f"{text!r:.60} has no run accession in it: write one, such as ERR1234567"
            )
        for run in runs:
            try:
                checked_accession(run)
            except BadInput as error:
                self.tell(ACCESSION, run, _short(error))
        return runs

    def files(self, read1: str, read2: str) -> tuple[str, ...]:
        if not read1 and not read2:
            return ()
        for column, text, other in zip(FILES, (read1, read2), (read2, read1), strict=True):
            if not text:
                self.tell(column, "", f"one file of the pair is missing, the mate of {other!r:.200}: name it")
                return ()
            try:
                check_read_name(text)
            except BadInput as error:
                self.tell(column, text, _short(error))
                return ()
        return read1, read2

    def attribute(self, name: str, text: str, year: int) -> attributes.Value | None:
        if not text:
            return None
        try:
            return attributes.read(name, text, year)
        except BadInput as error:
            self.tell(name, text, str(error))
            return None

    def date(self, values: Mapping[str, Any]) -> None:
        year, month, day = (values.get(name) for name in ("year", "month", "day"))
        if month and day and day > (last := attributes.days(year, month)):
            of = f"month {month} of {year}" if year else f"month {month}"
            self.tell("day", str(day), f"there is no day {day} in {of}: its last is {last}")


def _short(error: BadInput) -> str:
    """Return what an error says, without the whole of a value that is far too long."""
    text = str(error)
    return text if len(text) <= 500 else f"{text[:60]}…{text[-200:]}"
