"""A wgMLST scheme of a real genome's genes, and genomes that have known or new alleles of them; measures nothing.

The genes are Prodigal's; their variants are made, with substitutions that leave them open reading frames.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from workers.fasta import reverse_complement
from workers.nomenclature.representatives import is_coding

LOCI, ALLELES = 3000, 20
#: chewBBACA's own least length
LEAST_BP = 201
#: of an allele to the genome's own, at most
MOST_DIFFERENT = 0.015
#: so much do genes differ in a genome that is new throughout
NEW_DIFFERENT = 0.005


@dataclass(frozen=True)
class Gene:
    """Where a gene lies, from 0, without the end."""

    name: str
    start: int
    end: int
    strand: str

    def of(self, genome: str) -> str:
        """Its sequence, on its own strand."""
        bases = genome[self.start : self.end]
        return bases if self.strand == "+" else reverse_complement(bases)

    def put(self, letters: list[str], sequence: str) -> None:
        """Write another sequence of the same length into a genome."""
        letters[self.start : self.end] = sequence if self.strand == "+" else reverse_complement(sequence)


def genes(path: Path, genome: str, count: int = LOCI) -> list[Gene]:
    """Complete genes that do not overlap, none of them twice, by position."""
    done = subprocess.run(
        ["prodigal", "-q", "-i", str(path), "-f", "gff"], check=True, capture_output=True, text=True
    )
    chosen, seen = list[Gene](), set[str]()
    for line in done.stdout.splitlines():
        columns = line.split("\t")
        if line.startswith("#") or columns[2] != "CDS":
            continue
        gene = Gene(f"SL483_{len(chosen) + 1:05}", int(columns[3]) - 1, int(columns[4]), columns[6])
        sequence, after = gene.of(genome), chosen[-1].end if chosen else 0
        if gene.start >= after and len(sequence) >= LEAST_BP and is_coding(sequence) and sequence not in seen:
            chosen.append(gene)
            seen.add(sequence)
    if len(chosen) < count:
        raise RuntimeError(f"{path} has only {len(chosen)} genes of {LEAST_BP} bp that do not overlap")
    return chosen[:count]


def alleles(genome: str, loci: list[Gene], each: int = ALLELES) -> Iterator[tuple[str, int, str]]:
    """(locus, number, sequence): the genome's own is 1, the others are like it."""
    chance = random.Random(1)
    for gene in loci:
        own = gene.of(genome)
        known = {own}
        yield gene.name, 1, own
        for number in range(2, each + 1):
            other = own
            while other in known:
                most = max(int(len(own) * MOST_DIFFERENT), 2)
                other = substituted(own, chance.randint(1, most), chance)
            known.add(other)
            yield gene.name, number, other


def with_new_alleles(
    genome: str, loci: list[Gene], share: float, known: Mapping[str, set[str]], seed: int = 2
) -> str:
    """The genome with alleles that nobody has seen in this share of its genes."""
    chance, letters = random.Random(seed), list(genome)
    for gene in chance.sample(loci, round(share * len(loci))):
        own = gene.of(genome)
        other = own
        while other in known[gene.name]:
            other = substituted(own, max(round(len(own) * NEW_DIFFERENT), 1), chance)
        gene.put(letters, other)
    return "".join(letters)


def substituted(gene: str, count: int, chance: random.Random) -> str:
    """The gene with so many other bases, still an open reading frame."""
    while True:
        letters = list(gene)
        for at in chance.sample(range(3, len(gene) - 3), count):
            letters[at] = chance.choice([base for base in "ACGT" if base != letters[at]])
        if is_coding(other := "".join(letters)):
            return other
