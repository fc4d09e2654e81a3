"""What is wrong with a table: every problem with its line, column and value, and the way out."""

from __future__ import annotations

from dataclasses import dataclass

#: longest value that is told, in characters
SHOWN = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    #: of the file, from 1; blank lines and comments are counted
    line: int
    #: as the header names it; empty if it is the whole line
    column: str
    value: str
    #: a sentence that names the value and the way out
    why: str

    def __str__(self) -> str:
        return f"line {self.line:,}" + (f", column {self.column}" if self.column else "") + f": {self.why}"


class Problems:
    """All that is wrong, counted; the first ones are kept, or all."""

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self.count = 0
        self.kept: list[Problem] = []

    def add(self, line: int, column: str, value: str, why: str) -> None:
        """Note one."""
        self.count += 1
        if self.most is None or len(self.kept) < self.most:
            self.kept.append(Problem(line, column, shortened(value), why))


def shortened(value: str) -> str:
    """Return a value that people can read."""
    return value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
