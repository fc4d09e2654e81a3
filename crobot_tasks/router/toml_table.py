"""A table of a TOML file, read value by value; what is wrong is named with its line. Knows not what it is for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from math import inf, isfinite
from typing import Any

from crobot_errors import BadPolicy

_AT_LINE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AT_END = " (at end of document)"
_HEADER = re.compile(r"^\s*\[\[?([^\]]+)\]")

Path = tuple[str, ...]


class Table:
    """A table, and where it stands."""

    def __init__(self, text: str, values: Mapping[str, Any], path: Path = ()) -> None:
        self._text, self._values, self._path = text, values, path

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
            raise self.wrong(key, "must be a table")
        return Table(self._text, values, (*self._path, key))

    def number(self, key: str, default: float, least: float = 0.0, most: float = inf) -> float:
        """Return a finite number."""
        value = self._values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise self.wrong(key, "must be a number")
        return float(self._within(key, value, least, most))

    def positive(self, key: str, default: float) -> float:
        """Return a finite number above 0."""
        if (value := self.number(key, default)) == 0:
            raise self.wrong(key, "must be more than 0")
        return value

    def whole(self, key: str, default: int, least: int = 0, most: float = inf) -> int:
        """Return a whole number."""
        value = self._values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(key, "must be a whole number")
        return int(self._within(key, value, least, most))

    def names(self, key: str) -> frozenset[str]:
        """Return a list of texts as a set."""
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self.wrong(key, 'must be a list of names, such as ["ssd"]')
        return frozenset(value)

    def _within(self, key: str, value: float, least: float, most: float) -> float:
        if value < least:
            raise self.wrong(key, f"must be at least {least:g}")
        if value > most:
            raise self.wrong(key, f"must be at most {most:g}")
        return value

    def wrong(self, key: str, reason: str) -> BadPolicy:
        """Return what to raise for the value of this key."""
        path = (*self._path, key)
        value = self._values[key]
        shown = "" if isinstance(value, dict) else f" = {_shown(value)}"
        return BadPolicy(f"line {_line_of(self._text, path)}: {'.'.join(path)}{shown}: {reason}")


def parse(text: str) -> Table:
    """Return the whole file as a table.

    Raises:
        BadPolicy: the text is not TOML.
    """
    try:
        return Table(text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadPolicy(_not_toml(str(error), text)) from error


def _not_toml(message: str, text: str) -> str:
    if at := _AT_LINE.search(message):
        number = int(at[1])
        line = (text.splitlines() or [""])[min(number, len(text.splitlines())) - 1].strip()
        return f"line {number}: {line}: not TOML: {message[: at.start()]} in column {at[2]}"
    number = max(len(text.splitlines()), 1)
    return f"line {number}: not TOML: {message.removesuffix(_AT_END)} at the end of the file"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value).replace("'", '"')


def _line_of(text: str, path: Path) -> int:
    """Return the line of the key, or of the nearest table that it is in (a scan: the parser keeps no positions)."""
    table: Path = ()
    best, number_of_best = -1, 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            found = table = _keys(header[1])
        else:
            found = (*table, *_keys(line.split("=")[0])) if "=" in line else ()
        if found and found == path[: len(found)] and len(found) > best:
            best, number_of_best = len(found), number
    return number_of_best


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
