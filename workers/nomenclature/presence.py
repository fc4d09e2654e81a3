"""Presence and absence, pure: what a locus search found in many assemblies → one table, and the files that have it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Self

from workers.fasta import Record
from workers.nomenclature.locus_search import COLUMNS, WHOLE, Found, cells, is_identical
from workers.nomenclature.representatives import is_coding

#: lines of the table that travel in the report, and assemblies that are named there since they were not searched
MOST_ROWS, MOST_UNSEARCHED = 200, 200
#: of the best hit, what the table in JSON says
_TOLD = ("identity", "coverage", "contig", "start", "end", "strand", "translation")


class State(StrEnum):
    """How a sequence is in an assembly; the letter stands in `Row.states`, the name in tables."""

    IDENTICAL = "i"
    #: all of it, but for letters that differ or its outermost ones
    WHOLE = "w"
    PART = "p"
    ABSENT = "-"
    #: the assembly could not be searched
    UNKNOWN = "?"

    @property
    def word(self) -> str:
        """As it stands in tables."""
        return self.name.lower()


PRESENT = frozenset({State.IDENTICAL, State.WHOLE, State.PART})


@dataclass(frozen=True)
class Row:
    """One assembly; ``states`` has a letter for each sequence, in the order of the query."""

    barcode: str
    strain: str
    states: str
    #: why it could not be searched
    error: str | None = None


def state_of(best: Found | None) -> State:
    """By the best hit."""
    if best is None:
        return State.ABSENT
    if is_identical(best):
        return State.IDENTICAL
    return State.WHOLE if best.coverage >= WHOLE else State.PART


@dataclass
class Presence:
    """The table as it grows; its files are written line by line, so hits are not kept."""

    queries: Sequence[Record]
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stack = ExitStack()
        self._open: dict[str, IO[str]] = {}

    def write_to(self, table: Path, hits: Path, document: Path) -> Self:
        """Begin the files: the table and all hits as TSV, and both as JSON."""
        for name, path in (("table", table), ("hits", hits), ("json", document)):
            self._open[name] = self._stack.enter_context(path.open("w", encoding="utf-8"))
        self._line("table", ["barcode", "strain", *(query.name for query in self.queries), "not_searched"])
        self._line("hits", ["barcode", "strain", *COLUMNS])
        head = [
            {"query": query.name, "length": len(query.sequence), "coding": is_coding(query.sequence)}
            for query in self.queries
        ]
        self._open["json"].write(f'{{"queries": {json.dumps(head)}, "assemblies": [')
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def searched(self, barcode: str, strain: str, hits: Sequence[Found]) -> Row:
        """Add an assembly; of each query the best hit comes first."""
        best: dict[str, Found] = {}
        for hit in hits:
            best.setdefault(hit.query, hit)
            self._line("hits", [barcode, strain, *cells(hit)])
        states = "".join(state_of(best.get(query.name)) for query in self.queries)
        times = {name: sum(hit.query == name for hit in hits) for name in best}
        found = {
            name: {"state": state_of(hit).word, "hits": times[name]}
            | {each: getattr(hit, each) for each in _TOLD}
            for name, hit in best.items()
        }
        return self._add(Row(barcode, strain, states), found)

    def not_searched(self, barcode: str, strain: str, error: str) -> Row:
        """Add an assembly that could not be searched, with the reason."""
        return self._add(Row(barcode, strain, State.UNKNOWN * len(self.queries), error), {})

    def _add(self, row: Row, found: dict[str, Any]) -> Row:
        words = (State(letter).word for letter in row.states)
        self._line("table", [row.barcode, row.strain, *words, row.error or ""])
        told = {"barcode": row.barcode, "strain": row.strain, "not_searched": row.error, "found": found}
        self._open["json"].write(f"{',' if self.rows else ''}\n{json.dumps(told)}")
        self.rows.append(row)
        return row

    def finish(self) -> None:
        """End the files."""
        self._open["json"].write("\n]}\n")
        self._stack.close()

    def _line(self, name: str, values: Sequence[str]) -> None:
        self._open[name].write("\t".join(" ".join(value.split()) for value in values) + "\n")

    def summary(self) -> dict[str, Any]:
        """What travels in the report: counts of each sequence, and the first lines."""
        unsearched = [row for row in self.rows if row.error is not None]
        return {
            "queries": [*self._counted()],
            "searched": len(self.rows) - len(unsearched),
            "not_searched": len(unsearched),
            "rows": [
                {"barcode": row.barcode, "strain": row.strain, "states": row.states}
                for row in self.rows[:MOST_ROWS]
            ],
            "errors": [
                {"barcode": row.barcode, "strain": row.strain, "error": row.error}
                for row in unsearched[:MOST_UNSEARCHED]
            ],
        }

    def _counted(self) -> Iterator[dict[str, Any]]:
        for at, query in enumerate(self.queries):
            letters = [row.states[at] for row in self.rows]
            counts = {state.word: letters.count(state) for state in State}
            present = sum(letters.count(state) for state in PRESENT)
            about = {
                "query": query.name,
                "length": len(query.sequence),
                "coding": is_coding(query.sequence),
            }
            yield about | {"present": present} | counts
