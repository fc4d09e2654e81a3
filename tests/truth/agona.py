"""Six real isolates of Salmonella Agona as published: their genomes, and how many SNPs lie between them."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from demo.data import fetch_genome, fetch_published
from workers.contigs import read_assembly

#: base of an isolate that was not published, since too few reads said so
UNKNOWN = "-"
#: the isolate that is 2,490 SNPs from the others, which are within 75 of each other
OUTLIER = "ERR178929"
READ_LENGTH, COVERAGE = 150, 30
WGSIM = ("wgsim", "-e", "0.002", "-r", "0", "-R", "0", "-d", "400", "-s", "40")


@dataclass(frozen=True)
class Agona:
    """``sites`` are positions in the reference, from 1; ``bases`` are an isolate's, in their order."""

    reference: Path
    sites: tuple[int, ...]
    bases: Mapping[str, str]
    distances: Mapping[tuple[str, str], int]

    def genome(self, isolate: str) -> str:
        """The reference with the isolate's bases; where none was published, the reference's."""
        (sequence,) = read_assembly(self.reference).values()
        letters = list(sequence)
        for site, base in zip(self.sites, self.bases[isolate], strict=True):
            if base != UNKNOWN:
                letters[site - 1] = base
        return "".join(letters)

    def window(self, start: int, end: int) -> dict[str, str]:
        """A part of the genome of every isolate, and of the reference."""
        (sequence,) = read_assembly(self.reference).values()
        return {"reference": sequence[start:end]} | {one: self.genome(one)[start:end] for one in self.bases}


def published(directory: Path) -> Agona:
    """Read what the package ships."""
    sites, matrix, distances = fetch_published(directory)
    # letters of an alignment, not of a genome: '-' is unknown
    records = matrix.read_text(encoding="ascii").split(">")[1:]
    bases = {name: "".join(lines) for name, *lines in (record.split("\n") for record in records)}
    with distances.open(encoding="ascii") as file:
        header, *rows = csv.reader(file, delimiter="\t")
    table = {row[0]: dict(zip(header[1:], map(int, row[1:]), strict=True)) for row in rows}
    return Agona(
        fetch_genome(directory),
        tuple(int(line.split("\t")[1]) for line in sites.read_text().splitlines()),
        bases,
        {(one, other): table[one][other] for one, other in combinations(bases, 2)},
    )


def write_fasta(path: Path, name: str, sequence: str) -> Path:
    """One sequence, one line."""
    path.write_text(f">{name}\n{sequence}\n", encoding="ascii")
    return path


def simulate_reads(genome: Path, directory: Path, seed: int) -> tuple[Path, Path]:
    """Reads of a genome with wgsim, the same in every run; another seed gives other errors at other places."""
    bases = sum(map(len, read_assembly(genome).values()))
    read1, read2 = (directory / f"{genome.stem}_{mate}.fastq" for mate in (1, 2))
    lengths = [
        "-N",
        str(bases * COVERAGE // (2 * READ_LENGTH)),
        "-1",
        str(READ_LENGTH),
        "-2",
        str(READ_LENGTH),
    ]
    command = [*WGSIM, "-S", str(seed), *lengths, str(genome), str(read1), str(read2)]
    subprocess.run(command, check=True, capture_output=True)
    return read1, read2
