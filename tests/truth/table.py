"""The table of `make truth`: what was compared with which truth, what came out here; and what each pipeline took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from tests.running import Run

MB = 10**6


@dataclass(frozen=True)
class Row:
    """One comparison, in the words of people."""

    what: str
    truth: str
    source: str
    here: str
    agrees: bool = True

    def cells(self) -> tuple[str, ...]:
        return self.what, self.truth, self.source, self.here, "yes" if self.agrees else "NO"


@dataclass
class Truth:
    """What tests have compared; a test that fails has a line, too."""

    rows: list[Row] = field(default_factory=list)

    def says(
        self, what: str, truth: object, here: object, *, source: str, agrees: bool | None = None
    ) -> None:
        """Note a comparison, and fail unless both agree: are equal, if the test does not know better."""
        agrees = truth == here if agrees is None else agrees
        self.rows.append(Row(what, str(truth), source, str(here), agrees))
        assert agrees, f"{what}: {here}, and the truth ({source}) is {truth}"

    def failed(self, what: str) -> None:
        """Note a test that failed before it came to a comparison, or beside it."""
        self.rows.append(Row(what, "", "", "failed, see above", agrees=False))

    def lines(self) -> Iterator[str]:
        """The whole table."""
        yield from aligned(("what", "truth", "source", "here", "agrees"), [row.cells() for row in self.rows])


def pipelines(runs: Sequence[Run]) -> Iterator[str]:
    """Time and peak memory of each pipeline: of the tools, and what the process that ran it took beside them."""
    names = sorted({run.pipeline for run in runs}, key=str.casefold)
    rows = []
    for name in names:
        own = [run for run in runs if run.pipeline == name]
        seconds = [run.seconds for run in own]
        rows.append(
            (
                name,
                str(len(own)),
                f"{median(seconds):.1f}",
                f"{max(seconds):.1f}",
                f"{max(run.tools_bytes for run in own) / MB:,.0f}",
                f"{max(run.own_bytes for run in own) / MB:,.0f}",
            )
        )
    yield from aligned(
        ("pipeline", "runs", "median s", "longest s", "peak MB of tools", "of the process"), rows
    )


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns divided by bars, as in Markdown."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for cells in (header, ["-" * width for width in widths], *rows):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"
