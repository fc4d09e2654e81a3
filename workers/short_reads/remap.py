"""An assembly's reads mapped back onto it: what they agree on at every base, and how deep they lie there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

from workers.attempt import Attempt
from workers.short_reads.reads import ReadPair, open_reads
from workers.tools import Tool

MINIMAP2 = Tool("minimap2", "minimap2", ("--version",), "2.17", "minimap2")
#: the first version with the Bayesian consensus
SAMTOOLS = Tool("samtools", "samtools", ("--version",), "1.16", "samtools")
#: more depth makes no base surer, and costs time
MAX_DEPTH = 60
SORT_MEMORY = "300M"


def map_back(attempt: Attempt, contigs: Path, pairs: Sequence[ReadPair], depth: float) -> tuple[Path, Path]:
    """Map the reads, of this depth; return the consensus (FASTQ) and the depth (contig, position from 1, depth)."""
    folder, more = attempt.scratch_dir, str(attempt.resources.cores - 1)
    sam, bam, consensus, deep = (
        folder / name for name in ("back.sam", "back.bam", "back.fastq", "depth.tsv")
    )
    reads = thinned(pairs, min(1.0, MAX_DEPTH / max(depth, 1.0)), folder)
    threads = ["-t", str(attempt.resources.cores)]
    attempt.run_tool(MINIMAP2, ["-ax", "sr", *threads, contigs, reads.read1, reads.read2], stdout=sam)
    attempt.run_tool(SAMTOOLS, ["sort", "-m", SORT_MEMORY, "-@", more, "-o", bam, sam])
    sam.unlink()
    # as many letters as the contig has: what reads insert is left out, and what they lack is a '*'
    shape = ["-a", "--show-ins", "no", "--show-del", "yes", "--format", "fastq", "--line-len", "0"]
    attempt.run_tool(SAMTOOLS, ["consensus", *shape, "-o", consensus, bam])
    attempt.run_tool(SAMTOOLS, ["depth", "-a", "-o", deep, bam])
    bam.unlink()
    return consensus, deep


def thinned(pairs: Sequence[ReadPair], share: float, folder: Path) -> ReadPair:
    """All read sets as one, of which a share of the pairs is kept, evenly."""
    if len(pairs) == 1 and share >= 1:
        return pairs[0]
    out = ReadPair(*(folder / f"back_{mate}.fastq" for mate in (1, 2)))
    for mate, path in (("read1", out.read1), ("read2", out.read2)):
        with path.open("wb") as file:
            for pair in pairs:
                with open_reads(getattr(pair, mate)) as reads:
                    file.writelines(_kept(reads, share))
    return out


def _kept(reads: IO[bytes], share: float) -> Iterator[bytes]:
    """The same records of both files of a pair."""
    number = 0
    while record := b"".join(islice(reads, 4)):
        number += 1
        if int(number * share) > int((number - 1) * share):
            yield record
