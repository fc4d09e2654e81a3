"""Trimming reads with fastp, and capping their depth."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from workers.attempt import Attempt
from workers.short_reads.reads import PHRED64, ReadPair, open_reads
from workers.tools import Tool

FASTP = Tool("fastp", "fastp", ("--version",), "0.20", "fastp")
MIN_QUALITY = 10
MIN_LENGTH = 36
#: more depth than this costs time and memory, and its errors make assemblies worse
MAX_DEPTH = 200
#: pairs from which the read length is estimated
SAMPLE = 1000
OPTIONS = (
    "--cut_front", "--cut_tail", "--cut_mean_quality", str(MIN_QUALITY),
    "--qualified_quality_phred", str(MIN_QUALITY), "--length_required", str(MIN_LENGTH), "--dont_eval_duplication",
)  # fmt: skip


@dataclass(frozen=True)
class ReadCount:
    """How many reads (both mates), their bases, and their mean length."""

    count: int
    bases: int

    @property
    def mean_length(self) -> float:
        """Bases a read."""
        return self.bases / self.count if self.count else 0.0

    def __add__(self, other: ReadCount) -> ReadCount:
        return ReadCount(self.count + other.count, self.bases + other.bases)

    def as_dict(self) -> dict[str, Any]:
        """For the results."""
        return asdict(self) | {"mean_length": round(self.mean_length, 1)}


NO_READS = ReadCount(0, 0)


@dataclass(frozen=True)
class Trimmed:
    """Read pairs after trimming, and counts before and after."""

    pairs: list[ReadPair]
    before: ReadCount
    after: ReadCount
    capped: bool


def trim(attempt: Attempt, pairs: Sequence[ReadPair], genome_bases: int) -> Trimmed:
    """Trim every read set, and use no more pairs than give ``MAX_DEPTH``; what comes out is Phred+33."""
    quotas = [pairs_for_depth(pair, pairs, genome_bases) for pair in pairs]
    trimmed = Trimmed([], NO_READS, NO_READS, capped=False)
    for number, (pair, quota) in enumerate(zip(pairs, quotas, strict=True), 1):
        out = ReadPair(*(attempt.scratch_dir / f"trimmed{number}_{mate}.fastq" for mate in (1, 2)))
        before, after = _fastp(attempt, pair, out, quota)
        trimmed = Trimmed(
            [*trimmed.pairs, out],
            trimmed.before + before,
            trimmed.after + after,
            trimmed.capped or before.count >= 2 * quota,
        )
    return trimmed


def pairs_for_depth(pair: ReadPair, pairs: Sequence[ReadPair], genome_bases: int) -> int:
    """How many pairs of this set to use: its share, by size, of the greatest depth."""
    share = pair.size_bytes / sum(each.size_bytes for each in pairs)
    return max(1, int(MAX_DEPTH * genome_bases * share / pair_length(pair)))


def pair_length(pair: ReadPair) -> float:
    """Mean bases of a pair, from the first ones."""
    lengths = [_mean_length(path) for path in (pair.read1, pair.read2)]
    return max(sum(lengths), 1.0)


def _mean_length(path: Path) -> float:
    with open_reads(path) as file:
        bases = [len(line.rstrip()) for line in islice(file, 1, 4 * SAMPLE, 4)]
    return sum(bases) / len(bases) if bases else 0.0


def _fastp(attempt: Attempt, pair: ReadPair, out: ReadPair, quota: int) -> tuple[ReadCount, ReadCount]:
    report = attempt.scratch_dir / "fastp.json"
    ins: list[str | Path] = ["--in1", pair.read1, "--in2", pair.read2]
    outs: list[str | Path] = ["--out1", out.read1, "--out2", out.read2]
    reports: list[str | Path] = ["--json", report, "--html", "/dev/null"]
    letters = ["--phred64"] if pair.offset == PHRED64 else []
    limits = ["--reads_to_process", str(quota), "--thread", str(attempt.resources.cores)]
    attempt.run_tool(FASTP, [*ins, *outs, *reports, *letters, *limits, *OPTIONS])
    summary = json.loads(report.read_text())["summary"]
    before, after = (summary[f"{when}_filtering"] for when in ("before", "after"))
    return (
        ReadCount(before["total_reads"], before["total_bases"]),
        ReadCount(after["total_reads"], after["total_bases"]),
    )
