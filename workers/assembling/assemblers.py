"""The assemblers a job can choose: how each is called, where its contigs are, how it writes their depth."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from crobot_errors import ToolFailed
from workers.assembling.assembly import Contig, read_contigs
from workers.attempt import Attempt
from workers.short_reads.reads import ReadPair
from workers.tools import Tool

GB = 10**9
#: from this mean length on we choose k-mers; the assemblers' own lists adapt to shorter reads
MIN_LONG_READ = 100


class Assembler(ABC):
    """Read pairs in, contigs out."""

    tool: Tool
    #: its depth of a contig, in the header
    depth: re.Pattern[str]
    #: whether the k-mer lengths can be chosen
    takes_kmers = True
    #: what it says when it fails for want of reads; empty: it does not fail for that
    too_little = ""
    #: how many read sets it can take
    max_read_sets = 1000

    @abstractmethod
    def args(self, pairs: Sequence[ReadPair], out: Path, attempt: Attempt, kmers: Sequence[int]) -> list[str]:
        """The command line without the command."""

    def kmers_for(self, mean_length: float) -> tuple[int, ...]:
        """The k-mer lengths for reads of this length; none: the assembler chooses."""
        return ()

    @abstractmethod
    def contigs_path(self, out: Path) -> Path:
        """Where the contigs are afterwards."""

    def assemble(self, attempt: Attempt, pairs: Sequence[ReadPair], kmers: Sequence[int]) -> list[Contig]:
        """Assemble; an empty list if the reads give nothing."""
        out = attempt.scratch_dir / self.tool.name
        try:
            attempt.run_tool(self.tool, self.args(pairs, out, attempt, kmers))
        except ToolFailed as error:
            if self.too_little and self.too_little in error.message:
                return []
            raise
        path = self.contigs_path(out)
        if not path.exists() or not path.stat().st_size:
            return []
        return read_contigs(path, self.depth)


class Spades(Assembler):
    """SPAdes in its mode for isolates (no read correction: the reads are trimmed, and the depth is high)."""

    tool = Tool("spades", "spades.py", ("--version",), "3.13", "spades")
    depth = re.compile(r"_cov_([0-9.]+)")
    max_read_sets = 9
    too_little = "Invalid kmer coverage histogram"

    def kmers_for(self, mean_length: float) -> tuple[int, ...]:
        """About half a read, and a short one for where the depth is low.

        Its own list (four lengths at 150 bp) takes 2.5 times as long; contigs of Agona at 20× were the same.
        """
        if mean_length < MIN_LONG_READ:
            return ()
        half = min(int(0.52 * mean_length), 127)
        return (33, half if half % 2 else half - 1)

    def args(self, pairs: Sequence[ReadPair], out: Path, attempt: Attempt, kmers: Sequence[int]) -> list[str]:
        """Each read set is a library of its own, with its own insert size."""
        reads: list[str] = []
        for number, pair in enumerate(pairs, 1):
            reads += [f"--pe{number}-1", str(pair.read1), f"--pe{number}-2", str(pair.read2)]
        given = ["-k", ",".join(map(str, kmers))] if kmers else []
        # it counts address space, so round up: the true limit is kept by the runner
        cores, memory = attempt.resources.cores, attempt.resources.memory_bytes // GB + 1
        limits = ["-t", str(cores), "-m", str(memory), "--tmp-dir", str(attempt.scratch_dir / "spades.tmp")]
        return ["--isolate", *reads, *given, *limits, "-o", str(out)]

    def contigs_path(self, out: Path) -> Path:
        """Scaffolds, if it could make any."""
        scaffolds = out / "scaffolds.fasta"
        return scaffolds if scaffolds.exists() else out / "contigs.fasta"


class Megahit(Assembler):
    """MEGAHIT: the fastest; made for metagenomes, good for isolates."""

    tool = Tool("megahit", "megahit", ("--version",), "1.2", "megahit")
    depth = re.compile(r"multi=([0-9.]+)")

    def kmers_for(self, mean_length: float) -> tuple[int, ...]:
        """Two are enough at the depth of an isolate, and much faster than its own list of seven."""
        return () if mean_length < MIN_LONG_READ else (61, 87)

    def args(self, pairs: Sequence[ReadPair], out: Path, attempt: Attempt, kmers: Sequence[int]) -> list[str]:
        """The output directory must not exist yet."""
        resources = attempt.resources
        read1 = ",".join(str(pair.read1) for pair in pairs)
        read2 = ",".join(str(pair.read2) for pair in pairs)
        given = ["--k-list", ",".join(map(str, kmers))] if kmers else []
        return [
            "-1", read1, "-2", read2, *given, "-t", str(resources.cores),
            "-m", str(resources.memory_bytes), "--tmp-dir", str(attempt.scratch_dir), "-o", str(out),
        ]  # fmt: skip

    def contigs_path(self, out: Path) -> Path:
        """Its only file of contigs."""
        return out / "final.contigs.fa"


class Skesa(Assembler):
    """SKESA: slow and careful, with few errors."""

    tool = Tool("skesa", "skesa", ("--version",), "2.3", "skesa")
    depth = re.compile(r"^\S+?_\d+_([0-9.]+)")
    takes_kmers = False
    #: what it wants to be promised before it starts; it then uses a tenth of that
    MIN_MEMORY_GB = 16

    def args(self, pairs: Sequence[ReadPair], out: Path, attempt: Attempt, kmers: Sequence[int]) -> list[str]:
        """It chooses its k-mers itself."""
        reads = [part for pair in pairs for part in ("--reads", f"{pair.read1},{pair.read2}")]
        memory = max(self.MIN_MEMORY_GB, attempt.resources.memory_bytes // GB)
        limits = ["--cores", str(attempt.resources.cores), "--memory", str(memory)]
        return [*reads, *limits, "--contigs_out", str(self.contigs_path(out))]

    def contigs_path(self, out: Path) -> Path:
        """A file, not a directory."""
        return out.with_suffix(".fasta")


ASSEMBLERS: dict[str, Assembler] = {each.tool.name: each for each in (Spades(), Megahit(), Skesa())}
DEFAULT = "spades"
