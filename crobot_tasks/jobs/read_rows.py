"""Rows that were read from files which may lie on a storage that stalls, kept on this machine's own disk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, Any


@contextmanager
def read_rows(rows: Iterable[tuple[Any, ...]]) -> Iterator[Rows]:
    """Read rows of plain JSON, which may be larger than the memory; they are forgotten when the block ends."""
    with TemporaryFile("w+", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
        yield Rows(file)


class Rows:
    """The rows in their order, for any number of iterations, one after the other."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        self._file.seek(0)
        for line in self._file:
            yield tuple(json.loads(line))
