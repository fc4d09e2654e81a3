"""Columns of a table, and which of them stand beside each other, below their row, or nowhere, in a given width."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from rich.cells import cell_len

from crobot_tasks.cli.text import items, words

#: spaces between two columns
GAP = 2
#: a name is not shortened below this unless its column says so, and a text is not wrapped more narrowly beside others
LEAST_NAME, LEAST_TEXT = 12, 24


class Kind(Enum):
    """What a column holds, which decides how it may be fitted."""

    #: a word or a time: never changed
    WORD = "word"
    #: aligned to the right, thousands separated
    NUMBER = "number"
    #: a job's number and the like: aligned to the right, as people type it
    ID = "id"
    #: a tag or a name: shortened in its middle
    NAME = "name"
    #: a sentence: wrapped between words, or below the row
    TEXT = "text"
    #: wrapped at its commas, or below the row
    LIST = "list"
    #: on a line of its own below the row, unless it fits into it
    PATH = "path"


LONG = (Kind.TEXT, Kind.LIST, Kind.PATH)


@dataclass(frozen=True)
class Column:
    """A column: its heading, what it holds, and its importance; the column with the least is left out first."""

    heading: str
    kind: Kind = Kind.WORD
    importance: int = 5
    #: a name is not shortened below this
    least: int = LEAST_NAME


@dataclass
class Layout:
    """Columns by their number: which stand beside each other and how wide, which below, which are left out."""

    beside: dict[int, int]
    below: list[int] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)


def parts(text: str, kind: Kind) -> list[str]:
    """Return what a text of this kind may be broken between."""
    if kind is Kind.TEXT:
        return words(text)
    return items(text) if kind is Kind.LIST else [text]


def arrange(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> Layout:
    """Choose what stands where; the first column always stays."""
    cells = [[row[number] for row in rows] for number in range(len(columns))]
    natural = dict(enumerate(map(_natural, columns, cells)))
    least = dict(enumerate(map(_least, columns, cells, natural.values())))
    layout = Layout(natural)
    if _total(natural) > width:
        _leave_out_empty(cells, layout)
    while _total({number: least[number] for number in layout.beside}) > width and len(layout.beside) > 1:
        _give_way(columns, layout)
    # a column that is left alone is as narrow as there is room
    _shrink(layout.beside, least if len(layout.beside) > 1 else {0: 1}, width)
    layout.below.sort()
    return layout


def _leave_out_empty(cells: Sequence[Sequence[str]], layout: Layout) -> None:
    """A column that holds nothing is not missed."""
    for number, column in enumerate(cells):
        if number and not any(column):
            del layout.beside[number]


def _give_way(columns: Sequence[Column], layout: Layout) -> None:
    """Put the longest text below the rows; if there is none, leave out the least important column."""
    others = list(layout.beside)[1:]
    if long := [number for number in others if columns[number].kind in LONG]:
        moved = max(long, key=lambda number: layout.beside[number])
        layout.below.append(moved)
    else:
        moved = min(others, key=lambda number: (columns[number].importance, -number))
        layout.left_out.append(moved)
    del layout.beside[moved]


def _shrink(beside: dict[int, int], least: Mapping[int, int], width: int) -> None:
    """Take from the widest that can give, until the row fits."""
    while _total(beside) > width:
        able = [number for number in beside if beside[number] > least[number]]
        if not able:
            return
        beside[max(able, key=lambda number: beside[number])] -= 1


def _total(widths: Mapping[int, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)


def _natural(column: Column, cells: Iterable[str]) -> int:
    return max(map(cell_len, (column.heading, *cells)))


def _least(column: Column, cells: Iterable[str], natural: int) -> int:
    if column.kind is Kind.NAME:
        return min(natural, max(column.least, cell_len(column.heading)))
    if column.kind in (Kind.TEXT, Kind.LIST):
        widest = max((cell_len(part) for cell in cells for part in parts(cell, column.kind)), default=0)
        # narrower than half, a row would be higher than it is with the text below it
        return min(natural, max(LEAST_TEXT, widest, natural // 2 + 1))
    return natural
