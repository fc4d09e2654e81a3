"""A table's file: kept as it is when the command begins, so that what is checked is what is added."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from crobot_errors import BadInput
from crobot_tasks.intake.table.columns import Columns, columns
from crobot_tasks.intake.table.lines import BadQuotes, cut, separator_of, texts
from crobot_tasks.intake.table.problems import Problems
from crobot_tasks.intake.table.rows import Row, row

_PART = 2**20


class Table:
    """A table that may be read again and again, whatever becomes of its file."""

    def __init__(self, name: str, copy: BinaryIO, sha256: str) -> None:
        #: for people
        self.name = name
        #: of its content, in hexadecimal digits
        self.sha256 = sha256
        self._copy = copy

    def titles(self) -> list[str]:
        """Return the header's cells; none if there is no header, or none that can be read."""
        first = next(self._texts(Problems(0)), None)
        try:
            return cut(first[1], separator_of(first[1])) if first else []
        except BadQuotes:
            return []

    def columns(self, more: Collection[str], problems: Problems) -> Columns | None:
        """Return its columns, by the first line that has something; None if lines cannot be read by them."""
        before = problems.count
        first = next(self._texts(problems), None)
        if problems.count > before:
            return None
        if first is None:
            problems.add(1, "", "", "the table is empty: begin with a header line, such as strain, accession")
            return None
        number, text = first
        separator = separator_of(text)
        try:
            found = columns(number, cut(text, separator), separator, more, problems)
        except BadQuotes as error:
            problems.add(number, "", text, str(error))
            return None
        return found if found.usable else None

    def rows(self, of: Columns, year: int, problems: Problems) -> Iterator[Row | None]:
        """Yield each line as a row, or None for one that cannot be, of which ``problems`` says why."""
        lines = self._texts(problems)
        next(lines, None)
        for number, text in lines:
            try:
                cells = cut(text, of.separator)
            except BadQuotes as error:
                title = of.titles[error.cell - 1] if error.cell <= len(of.titles) else f"{error.cell}"
                problems.add(number, title, text, str(error))
                yield None
            else:
                yield row(number, cells, of, year, problems)

    def _texts(self, problems: Problems) -> Iterator[tuple[int, str]]:
        self._copy.seek(0)
        return texts(self._copy, problems)


@contextmanager
def opened(path: str) -> Iterator[Table]:
    """Open a table, or standard input (``-``).

    Raises:
        BadInput: it cannot be read.
    """
    with tempfile.TemporaryFile() as unnamed:
        copy = cast(BinaryIO, unnamed)
        if path == "-":
            sha256 = _copied(sys.stdin.buffer, copy)
        else:
            try:
                with Path(path).open("rb") as file:
                    sha256 = _copied(file, copy)
            except OSError as error:
                raise BadInput(f"the table {path} cannot be read: {error.strerror}") from error
        yield Table("standard input" if path == "-" else Path(path).name, copy, sha256)


def _copied(file: BinaryIO, copy: BinaryIO) -> str:
    digest = hashlib.sha256()
    while part := file.read(_PART):
        digest.update(part)
        copy.write(part)
    return digest.hexdigest()
