"""PILER-CR's report → CRISPR arrays; the letters are read in the assembly, the report says only where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: position from 1, length of the repeat; identity, and all but the last have a spacer's length
_COPY = re.compile(r"\s*(\d+)\s+(\d+)\s+\d+\.\d\s")
#: the line below an array: copies, lengths of repeat and spacer, the consensus
_TOTAL = re.compile(r"\s*\d+\s+\d+\s+\d+\s+([ACGTUNRYSWKMBDHV-]+)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Array:
    """A CRISPR array; ``start`` and ``end`` count from 1, the end is within."""

    contig: str
    start: int
    end: int
    repeat_consensus: str
    repeats: tuple[str, ...]
    spacers: tuple[str, ...]


def arrays(report: str, contigs: Mapping[str, str]) -> list[Array]:
    """The arrays in a report on these contigs, in the order of the report."""
    details = report.partition("DETAIL REPORT")[2].partition("SUMMARY BY")[0]
    _, *blocks = re.split(r"^Array \d+\n", details, flags=re.MULTILINE)
    return [_array(block.splitlines(), contigs) for block in blocks]


def _array(lines: list[str], contigs: Mapping[str, str]) -> Array:
    contig = next(line for line in lines if line.startswith(">"))[1:].split()[0]
    copies = [(int(found[1]) - 1, int(found[2])) for line in lines if (found := _COPY.match(line))]
    consensus = next(found[1] for line in lines if (found := _TOTAL.fullmatch(line)))
    sequence = contigs[contig]
    ends = [at + length for at, length in copies]
    return Array(
        contig=contig,
        start=copies[0][0] + 1,
        end=ends[-1],
        repeat_consensus=consensus.replace("-", "").upper(),
        repeats=tuple(sequence[at:end] for (at, _), end in zip(copies, ends, strict=True)),
        spacers=tuple(sequence[end:at] for end, (at, _) in zip(ends, copies[1:], strict=False)),
    )
