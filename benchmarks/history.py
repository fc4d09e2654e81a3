"""(n) Short jobs in a database with the history of years against those in an empty one, in turns on one machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks import soaking
from benchmarks.figures import Chapter, Figure, compared

_MIB = 1024**2
#: what a look at a table says → the unit, and the divisor
_LOOKS = {
    "dead": ("dead rows", 1),
    "vacuums": ("times autovacuum came", 1),
    "bytes": ("MiB", _MIB),
    "index_bytes": ("MiB of indexes", _MIB),
}


class _Side:
    """A process that has a stage of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        #: where its database is, for other programs
        self.database: str = self.answer()["database"]

    def ask(self, command: str) -> Any:
        """Give it a command; return its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        """Return the next line of JSON."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise RuntimeError("a side of the benchmark ended; its error stands above")


def measure(rows: int, jobs: int, rounds: int, queries: int, tell: Callable[[str], None]) -> Chapter:
    """Take turns; a round of each lies within the same minute. Each is told as a line when it ends.

    Args:
        queries: analytic ones that run all the time, in all rounds of both, on the side with history.
    """
    with ExitStack() as sides:
        full, empty = (sides.enter_context(_side(number)) for number in (rows, 0))
        before = full.ask("look"), empty.ask("look")
        asks = sides.enter_context(soaking.asking(full.database, queries))
        tell(f"{soaking.HEADER}\n{soaking.RULE}")
        pairs = []
        for number in range(rounds):
            pairs.append(_turns(full, empty, jobs, odd=bool(number % 2)))
            after = full.ask("look"), empty.ask("look")
            tell(soaking.line((number + 1) * jobs, pairs[-1], after, asks.ended))
    figures = [compared("sent and worked off at once", "jobs a second", pairs), *_tables(before, after)]
    title = f"{rounds} rounds of {jobs} jobs, beside {rows:,} that are over and {queries} analytic queries"
    return Chapter("n", title, "empty database", figures)


def _turns(full: _Side, empty: _Side, jobs: int, odd: bool) -> tuple[float, float]:
    """Each is first in every second round."""
    rates = {side: side.ask(f"round {jobs}")["rate"] for side in ((empty, full) if odd else (full, empty))}
    return rates[full], rates[empty]


def _tables(before: tuple[Any, Any], after: tuple[Any, Any]) -> list[Figure]:
    return [
        Figure(f"{table}: {name}, {when}", unit, look[0][table][name] / by, look[1][table][name] / by)
        for table in after[0]
        for name, (unit, by) in _LOOKS.items()
        for when, look in (("before", before), ("after", after))
    ]


@contextmanager
def _side(rows: int) -> Iterator[_Side]:
    command = [sys.executable, "-m", "benchmarks.history_side", str(rows)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield _Side(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(60)
