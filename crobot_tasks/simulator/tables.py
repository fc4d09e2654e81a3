"""A table of a TOML file, read key by key: what is wrong is told with file, line, key, value and the way out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from math import inf, isfinite
from typing import Any, NoReturn

from crobot_errors import BadSimulation


class Table:
    """One table; ``done()`` complains of keys that nobody asked for."""

    def __init__(
        self, values: Mapping[str, Any], file: str, lines: Mapping[str, int], path: str = ""
    ) -> None:
        self._values, self._file, self._lines, self._path = values, file, lines, path
        self._asked: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def number(
        self,
        key: str,
        default: float | None = None,
        least: float = 0.0,
        most: float = inf,
        above: bool = False,
    ) -> float:
        """Return a number from ``least`` to ``most`` (``above``: more than ``least``); no default: it is required."""
        value = self._ask(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            self.refuse(key, "is not a number")
        if value < least or value > most or (above and value == least):
            wanted = f"more than {least:g}" if above else f"at least {least:g}"
            self.refuse(key, f"must be {wanted}" + (f" and at most {most:g}" if most < inf else ""))
        return float(value)

    def whole(self, key: str, default: int | None = None, least: int = 0, most: float = inf) -> int:
        """Return a whole number."""
        if self.number(key, default, least, most) != int(self._ask(key, default)):
            self.refuse(key, "is not a whole number")
        return int(self._ask(key, default))

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text."""
        value = self._ask(key, default)
        if not isinstance(value, str):
            self.refuse(key, 'is not a text: write it in quotes, like "QAssembly"')
        return str(value)

    def texts(self, key: str) -> list[str]:
        """Return a list of texts, empty if there is none."""
        value = self._ask(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.refuse(key, 'is not a list of texts: write it like ["ssd", "bigmem"]')
        return [str(one) for one in value]

    def table(self, key: str) -> Table:
        """Return a table within; empty if there is none."""
        value = self._ask(key, {})
        if not isinstance(value, dict):
            self.refuse(key, "is not a table: write it like { median_s = 1500, p90_s = 3600 }")
        return Table(value, self._file, self._lines, self._name(key))

    def tables(self, key: str) -> Iterator[Table]:
        """Yield the tables ``[[key]]``, in order."""
        values = self._ask(key, [])
        if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
            self.refuse(key, f"is not a list of tables: write [[{key}]] above each of them")
        for number, one in enumerate(values, 1):
            yield Table(one, self._file, self._lines, self._name(f"{key}[{number}]"))

    def done(self) -> None:
        """Complain of a key that is not known here."""
        for key in self._values:
            if key not in self._asked:
                close = get_close_matches(key, self._asked, 1)
                hint = (
                    f"did you mean {close[0]!r}?"
                    if close
                    else f"known are {', '.join(sorted(set(self._asked)))}"
                )
                self.refuse(key, f"is not a key that is known here; {hint}")

    def refuse(self, key: str, why: str) -> NoReturn:
        """Raise BadSimulation for a key's value."""
        value = f" = {self._values[key]!r}" if key in self._values else ""
        raise BadSimulation(f"{self._place(key)}: {self._name(key)}{value} {why}")

    def refuse_all(self, why: str) -> NoReturn:
        """Raise BadSimulation for the table as a whole."""
        raise BadSimulation(f"{self._place('')}: {self._path or 'the file'} {why}")

    def _ask(self, key: str, default: Any) -> Any:
        self._asked.append(key)
        if key not in self._values and default is None:
            raise BadSimulation(f"{self._place('')}: {self._name(key)} is missing")
        return self._values.get(key, default)

    def _name(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _place(self, key: str) -> str:
        """The key's line; that of the table if the key stands in no line of its own, as in { a = 1 }."""
        name = self._name(key) if key else self._path
        while name and name not in self._lines:
            name = name.rpartition(".")[0]
        return f"{self._file}, line {self._lines[name]}" if name else self._file


def parse(text: str, file: str) -> Table:
    """Return the whole of a TOML file as a table.

    Raises:
        BadSimulation: it is not TOML.
    """
    try:
        return Table(tomllib.loads(text), file, _lines(text))
    except tomllib.TOMLDecodeError as error:
        raise BadSimulation(f"{file} is not TOML: {error}") from None


_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\"-]+)\s*\]\]?")
_KEY = re.compile(r"\s*\"?([\w-]+)\"?\s*=")


def _lines(text: str) -> dict[str, int]:
    """Return the lines of tables and keys by name; tomllib keeps none."""
    found: dict[str, int] = {}
    table, seen = "", dict[str, int]()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = header[2]
            if header[1] == "[[":
                seen[table] = seen.get(table, 0) + 1
                table = f"{table}[{seen[table]}]"
            found[table] = number
        elif key := _KEY.match(line):
            found.setdefault(f"{table}.{key[1]}" if table else key[1], number)
    return found
