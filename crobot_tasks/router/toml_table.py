"""A table of a TOML file, read value by value; errors name file, line, key, value and the way out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import inf, isfinite
from typing import Any

from crobot_errors import BadInput

_AT_LINE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AT_END = " (at end of document)"
_HEADER = re.compile(r"^\s*(\[\[?)([^\]]+)\]")

Path = tuple[str, ...]


@dataclass(frozen=True)
class _File:
    """What is known of the file as a whole."""

    #: what stands before the number of a line: "line ", or "mine.toml, line "
    line: str
    error: type[BadInput]
    #: keys and tables → their lines; tomllib keeps none
    lines: Mapping[Path, int]

    def wrong(self, path: Path, reason: str) -> BadInput:
        """Return what to raise for a key, at its line or at that of the nearest table that it is in."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.error(f"{self.line}{self.lines.get(path, 1)}: {reason}")


class Table:
    """A table, and where it stands."""

    def __init__(self, file: _File, values: Mapping[str, Any], path: Path = ()) -> None:
        self._file, self._values, self._path = file, values, path

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def only(self, *known: str) -> Table:
        """Refuse every other key."""
        for key in self:
            if key not in known:
                near = get_close_matches(key, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
                raise self.wrong(key, f"unknown key; {hint}")
        return self

    def table(self, key: str) -> Table:
        """Return the table below this one; empty if it is not there."""
        values = self._values.get(key, {})
        if not isinstance(values, dict):
            raise self.wrong(key, "must be a table, such as { attempts = 3 }")
        return Table(self._file, values, (*self._path, key))

    def tables(self, key: str) -> Iterator[Table]:
        """Yield the tables ``[[key]]``, in order."""
        values = self._values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
            raise self.wrong(key, f"must be a list of tables: write [[{key}]] above each of them")
        for number, one in enumerate(values, 1):
            yield Table(self._file, one, (*self._path, f"{key}[{number}]"))

    def number(self, key: str, default: float | None = None, least: float = 0.0, most: float = inf) -> float:
        """Return a finite number; without a default it is required."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise self.wrong(key, "must be a number")
        return float(self._within(key, value, least, most))

    def positive(self, key: str, default: float | None = None) -> float:
        """Return a finite number above 0."""
        if (value := self.number(key, default)) == 0:
            raise self.wrong(key, "must be more than 0")
        return value

    def whole(self, key: str, default: int | None = None, least: int = 0, most: float = inf) -> int:
        """Return a whole number."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(key, "must be a whole number")
        return int(self._within(key, value, least, most))

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text."""
        value = self._value(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, 'must be a text, in quotes, such as "QAssembly"')
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return value

    def names(self, key: str) -> list[str]:
        """Return a list of texts; empty if it is not there."""
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self.wrong(key, 'must be a list of names, such as ["ssd"]')
        return value

    def wrong(self, key: str, reason: str) -> BadInput:
        """Return what to raise for the value of this key."""
        path = (*self._path, key)
        value = self._values.get(key, {})
        shown = "" if isinstance(value, dict) else f" = {_shown(value)}"
        return self._file.wrong(path, f"{'.'.join(path)}{shown}: {reason}")

    def wrong_all(self, reason: str) -> BadInput:
        """Return what to raise for the table as a whole."""
        return self._file.wrong(self._path, f"{'.'.join(self._path) or 'the file'} {reason}")

    def _value(self, key: str, default: Any) -> Any:
        if key not in self._values and default is None:
            raise self.wrong(key, "is missing")
        return self._values.get(key, default)

    def _within(self, key: str, value: float, least: float, most: float) -> float:
        if value < least:
            raise self.wrong(key, f"must be at least {least:g}")
        if value > most:
            raise self.wrong(key, f"must be at most {most:g}")
        return value


def parse(text: str, error: type[BadInput], name: str = "") -> Table:
    """Return the whole file as a table; ``error`` is what is raised for anything wrong, ``name`` the file's.

    Raises:
        BadInput: the text is not TOML.
    """
    line = f"{name}, line " if name else "line "
    try:
        return Table(_File(line, error, _lines(text)), tomllib.loads(text))
    except tomllib.TOMLDecodeError as wrong:
        raise error(line + _not_toml(str(wrong), text)) from wrong


def _not_toml(message: str, text: str) -> str:
    if at := _AT_LINE.search(message):
        number = int(at[1])
        line = (text.splitlines() or [""])[min(number, len(text.splitlines())) - 1].strip()
        return f"{number}: {line}: not TOML: {message[: at.start()]} in column {at[2]}"
    number = max(len(text.splitlines()), 1)
    return f"{number}: not TOML: {message.removesuffix(_AT_END)} at the end of the file"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return "[[…]]"
    return f'"{value}"' if isinstance(value, str) else str(value).replace("'", '"')


def _lines(text: str) -> dict[Path, int]:
    """Return the lines of all tables and keys."""
    found: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _keys(header[2])
            if header[1] == "[[" and table:
                seen = sum(
                    path[:-1] == table[:-1] and path[-1].startswith(f"{table[-1]}[") for path in found if path
                )
                table = (*table[:-1], f"{table[-1]}[{seen + 1}]")
            found.setdefault(table, number)
        elif "=" in line and (keys := _keys(line.split("=")[0])):
            found.setdefault((*table, *keys), number)
    return found


def _keys(dotted: str) -> Path:
    try:
        value: Any = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    keys: list[str] = []
    while isinstance(value, dict) and value:
        key, value = next(iter(value.items()))
        keys.append(key)
    return tuple(keys)
