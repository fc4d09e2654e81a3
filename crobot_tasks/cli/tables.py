"""Tables that fit where they are printed: whole words, whole numbers, whole times, at any width.

Where room is short, long names are shortened in their middle; then long texts wrap, or stand below their row; then
the least important columns are left out, and the reader is told which. Where room has no end (a pipe, a file,
``--wide``) a row is one line and complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.text import Text

from crobot_tasks.cli.columns import GAP, LEAST_TEXT, LONG, Column, Kind, Layout, arrange, parts
from crobot_tasks.cli.output import UNBOUNDED
from crobot_tasks.cli.safe_text import safe
from crobot_tasks.cli.text import hang, shorten, words, wrap
from crobot_tasks.operate.amounts import ago, moment

#: before what stands below its row
INDENT = "    "
#: stands for a long text that the row above has too
SAME = "as above"
_RIGHT = (Kind.NUMBER, Kind.ID)


@dataclass(frozen=True)
class Table:
    """A table without rules, which `cut` and `awk` can read."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        heading, *lines = self.lines(options.max_width)
        yield Text(heading, style="bold")
        yield from map(Text, lines)

    def lines(self, width: int) -> list[str]:
        """Return the lines of the table, the headings first."""
        rows = self._cells(width)
        layout = arrange(self.columns, rows, width)
        lines = self._side_by_side([one.heading for one in self.columns], layout)
        for row in rows if width >= UNBOUNDED else self._said_once(rows):
            lines += self._side_by_side(row, layout) + self._below(row, layout, width)
        return lines + self._what_is_left_out(layout, width)

    def fits(self, width: int) -> bool:
        """Say whether all columns find room."""
        return not arrange(self.columns, self._cells(width), width).left_out

    def _cells(self, width: int) -> list[list[str]]:
        return [
            [_cell(value, one.kind, width) for value, one in zip(row, self.columns, strict=True)]
            for row in self.rows
        ]

    def _said_once(self, rows: Sequence[Sequence[str]]) -> list[list[str]]:
        """Say a long text once, if the rows below it have the same."""
        before = [[""] * len(self.columns), *rows]
        return [
            list(map(self._new, row, above, self.columns)) for above, row in zip(before, rows, strict=False)
        ]

    @staticmethod
    def _new(text: str, above: str, column: Column) -> str:
        repeated = column.kind in (Kind.TEXT, Kind.LIST) and text == above and cell_len(text) > LEAST_TEXT
        return SAME if repeated else text

    def _side_by_side(self, cells: Sequence[str], layout: Layout) -> list[str]:
        kinds = {number: self.columns[number].kind for number in layout.beside}
        stacks = [_fold(cells[number], kinds[number], width) for number, width in layout.beside.items()]
        height = max(map(len, stacks))
        lines = zip(*(stack + [""] * (height - len(stack)) for stack in stacks), strict=True)
        return [
            (" " * GAP).join(map(_align, line, kinds.values(), layout.beside.values())).rstrip()
            for line in lines
        ]

    def _below(self, row: Sequence[str], layout: Layout, width: int) -> list[str]:
        several = sum(column.kind in LONG for column in self.columns) > 1
        lines: list[str] = []
        for number in layout.below:
            column, text = self.columns[number], row[number]
            named = f"{column.heading}: " if several else ""
            if text:
                lines += hang(INDENT + named, text, parts(text, column.kind), width)
        return lines

    def _what_is_left_out(self, layout: Layout, width: int) -> list[str]:
        names = ", ".join(self.columns[number].heading for number in sorted(layout.left_out))
        return wrap(words(f"(no room for {names}: --wide shows all)"), width) if names else []


@dataclass(frozen=True)
class Matrix:
    """A table whose columns are all needed: those without room go on in a table below, beside the first column."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        for number, part in enumerate(self.split(options.max_width)):
            if number:
                yield Text()
            yield from part.__rich_console__(console, options)

    def split(self, width: int) -> Iterator[Table]:
        """Return tables that fit."""
        chosen: list[int] = []
        for number in range(1, len(self.columns)):
            if chosen and not self._part([*chosen, number]).fits(width):
                yield self._part(chosen)
                chosen = []
            chosen.append(number)
        yield self._part(chosen)

    def _part(self, numbers: Sequence[int]) -> Table:
        numbers = [0, *numbers]
        return Table(
            [self.columns[number] for number in numbers],
            [[row[number] for number in numbers] for row in self.rows],
        )


@dataclass(frozen=True)
class Facts:
    """What is known of one thing, a line each; what is empty is left out."""

    values: Mapping[str, Any]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        known = {safe(name): value for name, value in self.values.items() if value not in (None, "", [], ())}
        indent = max(map(cell_len, known), default=0) + GAP
        for name, value in known.items():
            first, *more = _fact(name + " " * (indent - cell_len(name)), value, options.max_width)
            yield Text.assemble((first[: len(name)], "bold"), first[len(name) :])
            yield from map(Text, more)


def table(columns: Iterable[Column | str], rows: Iterable[Sequence[Any]]) -> Table:
    """Return a table; a column of which only the heading is given holds words."""
    return Table([one if isinstance(one, Column) else Column(one) for one in columns], list(rows))


def facts(values: Mapping[str, Any]) -> Facts:
    """Return what is known of one thing: texts, numbers, times, paths, and lists, wrapped between their items."""
    return Facts(values)


def _fold(text: str, kind: Kind, width: int) -> list[str]:
    if cell_len(text) <= width:
        return [text]
    return [shorten(text, width)] if kind is Kind.NAME else wrap(parts(text, kind), width)


def _align(line: str, kind: Kind, width: int) -> str:
    room = " " * (width - cell_len(line))
    return room + line if kind in _RIGHT else line + room


def _cell(value: Any, kind: Kind, width: int) -> str:
    """Text from a database is data: it is made safe, and is never markup."""
    match value:
        case None:
            return ""
        case datetime():
            return ago(value) if width < UNBOUNDED else moment(value)
        case int() if kind is Kind.NUMBER and not isinstance(value, bool):
            return f"{value:,}"
        case list() | tuple():
            return safe(", ".join(map(str, value)))
        case _:
            return safe(str(value))


def _fact(start: str, value: Any, width: int) -> list[str]:
    """Return the lines of a fact; of a time, for which there is room here, both forms."""
    if isinstance(value, datetime) and width < UNBOUNDED:
        value = f"{moment(value)}, {ago(value)}"
    kind = _kind(value)
    text = _cell(value, kind, width)
    return hang(start, text, parts(text, kind), width)


def _kind(value: Any) -> Kind:
    match value:
        case list() | tuple():
            return Kind.LIST
        case Path():
            return Kind.PATH
        case int():
            return Kind.NUMBER
        case _:
            return Kind.TEXT
