"""The table as text, a line at a time: fields parted by tabs, or by commas as spreadsheets read them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

from crobot_tasks.results.conditions import shown
from crobot_tasks.results.results import Results


def tsv(found: Results) -> Iterator[str]:
    """Yield the lines of a table with tabs, the headings first; nothing is quoted."""
    for fields in _lines(found):
        yield "\t".join(fields) + "\n"


def csv_(found: Results) -> Iterator[str]:
    """Yield the lines of a table with commas, the headings first; what has a comma or a quote is quoted."""
    line = StringIO()
    out = csv.writer(line, lineterminator="\n")
    for fields in _lines(found):
        out.writerow(fields)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _lines(found: Results) -> Iterator[list[str]]:
    yield [_one_line(column.name) for column in found.columns]
    for row in found.rows():
        yield [_one_line(shown(value)) for value in row]


def _one_line(text: Any) -> str:
    """Return a text without what would end its field or its line, or what a terminal would obey."""
    joined = " ".join(str(text).split())
    return joined if joined.isprintable() else "".join(map(_visible, joined))


def _visible(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
