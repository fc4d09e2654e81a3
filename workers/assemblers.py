"""The assemblers a job can choose: how each is called, where its contigs are, how it writes their depth."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from workers.assembly import Contig, read_contigs
from workers.attempt import Attempt
from workers.reads import ReadPair
from workers.tools import Tool

GB = 10**9


class Assembler(ABC):
    """Read pairs in, contigs out."""

    tool: Tool
    #: its depth of a contig, in the header
    depth: re.Pattern[str]
    #: whether the k-mer lengths can be chosen
    takes_kmers = True
    #: how many read sets it can take
    max_read_sets = 1000

    @abstractmethod
    def args(self, pairs: Sequence[ReadPair], out: Path, attempt: Attempt, kmers: Sequence[int]) -> list[str]:
        """The command line without the command."""

    @abstractmethod
    def contigs_path(self, out: Path) -> Path:
        """Where the contigs are afterwards."""

    def assemble(self, attempt: Attempt, pairs: Sequence[ReadPair], kmers: Sequence[int]) -> list[Contig]:
        """Assemble; an empty list if the reads give nothing."""
        out = attempt.scratch_dir / self.tool.name
        attempt.run_tool(self.tool, self.args(pairs, out, attempt, kmers))
        path = self.contigs_path(out)
        if not path.exists() or not path.stat().st_size:
            return []
        return read_contigs(path, self.depth)


class Spades(Assembler):
    """SPAdes in its mode for isolates (no read correction: the reads are trimmed, and the depth is high)."""

    tool = Tool("spades", "spades.py", ("--version",), "3.13", "spades")
    depth = re.compile(r"_cov_([0-9.]+)")
    max_read_sets = 9

    def args(self, pairs: Sequence[ReadPair], out: Path, attempt: Attempt, kmers: Sequence[int]) -> list[str]:
        """Each read set is a library of its own, with its own insert size."""
        reads: list[str] = []
        for number, pair in enumerate(pairs, 1):
            reads += [f"--pe{number}-1", str(pair.read1), f"--pe{number}-2", str(pair.read2)]
        given = ["-k", ",".join(map(str, kmers))] if kmers else []
        cores, memory = attempt.resources.cores, max(1, attempt.resources.memory_bytes // GB)
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
    #: two are enough at the depth of an isolate, and much faster than its own list
    KMERS = (61, 87)

    def args(self, pairs: Sequence[ReadPair], out: Path, attempt: Attempt, kmers: Sequence[int]) -> list[str]:
        """The output directory must not exist yet."""
        resources = attempt.resources
        read1 = ",".join(str(pair.read1) for pair in pairs)
        read2 = ",".join(str(pair.read2) for pair in pairs)
        return [
            "-1", read1, "-2", read2, "--k-list", ",".join(map(str, kmers or self.KMERS)), "-t", str(resources.cores),
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

    def args(self, pairs: Sequence[ReadPair], out: Path, attempt: Attempt, kmers: Sequence[int]) -> list[str]:
        """It chooses its k-mers itself."""
        reads = [part for pair in pairs for part in ("--reads", f"{pair.read1},{pair.read2}")]
        memory = max(1, attempt.resources.memory_bytes // GB)
        limits = ["--cores", str(attempt.resources.cores), "--memory", str(memory)]
        return [*reads, *limits, "--contigs_out", str(self.contigs_path(out))]

    def contigs_path(self, out: Path) -> Path:
        """A file, not a directory."""
        return out.with_suffix(".fasta")


ASSEMBLERS: dict[str, Assembler] = {each.tool.name: each for each in (Spades(), Megahit(), Skesa())}
DEFAULT = "spades"
