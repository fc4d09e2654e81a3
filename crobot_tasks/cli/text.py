"""Text as it fits a terminal: broken between words only, shortened in its middle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

ELLIPSIS = "…"
_UNIT = r"(?:[KMGT]iB|B|bp|min|ms|s|h|d|%|cores?|bases|jobs?)(?![\w-])"
#: a number and its unit are one word ("1 min 20 s ago"), and so are a date and its time
_WORD = re.compile(
    rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\S*|(?:[\d.,]+ {_UNIT} )*[\d.,]+ {_UNIT}(?:\S+| ago\S*)?|\S+"
)


def words(text: str) -> list[str]:
    """Return what a line may be broken between."""
    return _WORD.findall(text)


def items(text: str) -> list[str]:
    """Return the items of a list with their commas."""
    return text.replace(", ", ",\n").split("\n") if text else []


def wrap(parts: Iterable[str], width: int) -> list[str]:
    """Return lines of whole parts; one that is wider than the width has a line to itself."""
    lines: list[str] = []
    for part in parts:
        if lines and cell_len(lines[-1]) + 1 + cell_len(part) <= width:
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    return lines


def hang(start: str, text: str, parts: Sequence[str], width: int) -> list[str]:
    """Return a text after ``start``, going on below itself; what is too wide to stand there begins further left."""
    indent = cell_len(start)
    if indent + cell_len(text) <= width:
        return [start + text]
    if start.strip() and indent + max(map(cell_len, parts)) > width:
        return [start.rstrip(), *(f"  {line}" for line in wrap(parts, width - 2))]
    first, *more = wrap(parts, width - indent)
    return [start + first, *(" " * indent + line for line in more)]


def wrap_text(text: str, width: int) -> str:
    """Return a text of any number of lines, each broken between words; how a line begins is kept."""
    return "\n".join(line for long in text.split("\n") for line in _wrap_line(long, width))


def _wrap_line(line: str, width: int) -> list[str]:
    text = line.lstrip()
    return hang(line[: len(line) - len(text)], text, words(text), width) if text else [line]


def shorten(text: str, width: int) -> str:
    """Return a text that is not wider than ``width``; what is left out is in its middle."""
    if cell_len(text) <= width:
        return text
    room = max(width - cell_len(ELLIPSIS), 1)
    end = text[::-1]
    return (
        set_cell_size(text, room - room // 2).rstrip()
        + ELLIPSIS
        + set_cell_size(end, room // 2)[::-1].lstrip()
    )
