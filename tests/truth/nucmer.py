"""Substitutions by an aligner that shares no code with ours: MUMmer's nucmer, in what it finds in one place only."""

from __future__ import annotations

import subprocess
from pathlib import Path

#: columns of show-snps -T: place and base of the reference, base and place of the other; the last two are the contigs
_PLACE, _FROM, _TO, _CONTIG = 0, 1, 2, -2
GAP = "."


def substitutions(
    reference: Path, other: Path, directory: Path, *, unique: bool = True
) -> dict[tuple[str, int], set[str]]:
    """(contig, position from 0) → bases; ``unique`` leaves out what lies in several alignments (show-snps -C)."""
    prefix = directory / f"{reference.stem}-{other.stem}"
    subprocess.run(["nucmer", "-p", prefix, reference, other], check=True, capture_output=True)
    options = "-CTrHI" if unique else "-TrHI"
    shown = subprocess.run(
        ["show-snps", options, prefix.with_name(prefix.name + ".delta")],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[tuple[str, int], set[str]] = {}
    for line in shown.stdout.splitlines():
        cells = line.split("\t")
        if GAP not in (cells[_FROM], cells[_TO]):
            found.setdefault((cells[_CONTIG], int(cells[_PLACE]) - 1), set()).add(cells[_TO])
    return found
