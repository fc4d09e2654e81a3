"""O and H antigens of an Escherichia or Shigella assembly, by ECTyper's alleles and its rules.

ECTyper's program first downloads 900 MB for a check of the species, which CRobot does by the species' references.
So only its alleles are used, with its thresholds and its way to rank them (version 2.0.0).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from crobot_errors import NodeBroken
from workers import environments
from workers.assembling.prepared import Prepared
from workers.assembling.qa import THRESHOLDS
from workers.assembling.species_check import MASH, species_share
from workers.attempt import Attempt
from workers.serotyping.serotype import Check, Serotype
from workers.tools import Tool

__all__ = ["BLASTN", "MASH", "serotype"]

BLASTN = Tool("blastn", "blastn", ("-version",), "2.6", "ncbi-blast+")
ALLELES = Path("ectyper", "Data", "ectyper_alleles_db.json")
#: least identity and coverage of an allele, in percent
LEAST = {"O": (95.0, 90.0), "H": (95.0, 50.0)}
#: O antigens whose scores differ by less cannot be told apart
SAME_O = 0.00771
#: an O antigen is made by one of these pairs
PAIRS = (("wzx", "wzy"), ("wzm", "wzt"))


@dataclass(frozen=True)
class Gene:
    """An antigen's allele in the assembly; identity and coverage in percent."""

    antigen: str
    gene: str
    allele: str
    contig: str
    identity: float
    coverage: float

    @property
    def score(self) -> float:
        """ECTyper's: 1 for the whole allele without a difference."""
        return self.identity * self.coverage / 10_000


def serotype(attempt: Attempt, assembly: Prepared) -> Serotype:
    """Find the antigens' genes, rank them, judge.

    Raises: AttemptError.
    """
    alleles = _alleles()
    genes = _genes(attempt, assembly, alleles)
    o_antigens, o_genes = best_o(each for each in genes if each.antigen.startswith("O"))
    h_genes = sorted((each for each in genes if each.antigen.startswith("H")), key=_rank)[:1]
    weak = [each for each in (*o_genes, *h_genes) if _is_weak(each, alleles)]
    qc = check(o_antigens, h_genes, weak, _foreign(attempt, assembly))
    o, h = "/".join(o_antigens) or None, h_genes[0].antigen if h_genes else None
    return Serotype(
        method="ECTyper alleles 1.0",
        serovar=None if qc.status == "FAIL" else f"{o or 'O-'}:{h or 'H-'}",
        serogroup=o,
        O=o,
        H1=h,
        H2=None,
        qc=qc,
        genes=tuple(
            asdict(each) | {"contig": assembly.name_of(each.contig)} for each in (*o_genes, *h_genes)
        ),
    )


def best_o(found: Iterable[Gene]) -> tuple[list[str], list[Gene]]:
    """The O antigen with the best pair of genes, with those that cannot be told from it, and the genes."""
    by_antigen = {
        antigen: _best_pair(list(genes))
        for antigen, genes in groupby(sorted(found, key=attrgetter("antigen")), attrgetter("antigen"))
    }
    scores = {antigen: sum(each.score for each in pair) for antigen, pair in by_antigen.items()}
    best = max(scores.values(), default=0.0)
    chosen = sorted((each for each in scores if best - scores[each] <= SAME_O), key=_number)
    return chosen, [gene for antigen in chosen for gene in by_antigen[antigen]]


def check(o: Sequence[str], h: Sequence[Gene], weak: Sequence[Gene], foreign: str | None) -> Check:
    """How far O and H can be relied on; ``foreign`` says that it is another species."""
    messages = [f"FAIL: {foreign}"] if foreign else []
    if not o and not h:
        messages.append("FAIL: neither O nor H antigen genes were found: is this another species?")
    elif not o:
        messages.append("WARNING: no O antigen genes were found")
    elif not h:
        messages.append("WARNING: no H antigen gene was found")
    if len(o) > 1:
        messages.append(f"WARNING: the O antigens {', '.join(o)} cannot be told apart")
    messages += [
        f"WARNING: {each.gene} is {each.identity:.1f} % identical to {each.allele} over {each.coverage:.0f} %, "
        "less than is needed to tell it from others"
        for each in weak
    ]
    return Check.of(messages)


def _alleles() -> dict[str, dict[str, Any]]:
    """ECTyper's alleles by name."""
    packages = environments.packages("serotyping")
    if packages is None or not (packages / ALLELES).is_file():
        raise NodeBroken("ECTyper's alleles are not here: python -m workers.environments installs them")
    read = json.loads((packages / ALLELES).read_text(encoding="utf-8"))
    return {**read["O"], **read["H"]}


def _genes(attempt: Attempt, assembly: Prepared, alleles: Mapping[str, dict[str, Any]]) -> list[Gene]:
    query, table = attempt.scratch_dir / "antigens.fasta", attempt.scratch_dir / "antigens.tsv"
    names = list(alleles)
    query.write_text("".join(f">{at}\n{alleles[name]['seq']}\n" for at, name in enumerate(names)))
    options = ["-max_hsps", "1", "-word_size", "11", "-perc_identity", "90", "-evalue", "1e-10"]
    fields = "6 qseqid sseqid pident qcovhsp"
    attempt.run_tool(
        BLASTN, ["-query", query, "-subject", assembly.path, *options, "-outfmt", fields], stdout=table
    )
    rows = (line.split("\t") for line in table.read_text(encoding="ascii").splitlines())
    hits = (_gene(names[int(at)], alleles, contig, identity, cover) for at, contig, identity, cover in rows)
    return [each for each in hits if _is_enough(each)]


def _gene(name: str, alleles: Mapping[str, dict[str, Any]], contig: str, identity: str, cover: str) -> Gene:
    allele = alleles[name]
    return Gene(allele["allele"], allele["gene"], name, contig, float(identity), float(cover))


def _is_enough(gene: Gene) -> bool:
    identity, coverage = LEAST[gene.antigen[0]]
    return gene.identity >= identity and gene.coverage >= coverage


def _is_weak(gene: Gene, alleles: Mapping[str, dict[str, Any]]) -> bool:
    """Whether ECTyper would not report it."""
    allele = alleles[gene.allele]
    return gene.score < float(allele["MinPident"]) * float(allele["MinPcov"]) / 10_000


def _best_pair(genes: Sequence[Gene]) -> list[Gene]:
    best = {
        gene: min(same, key=_rank) for gene, same in groupby(sorted(genes, key=_by_gene), attrgetter("gene"))
    }
    pairs = [[best[gene] for gene in pair if gene in best] for pair in PAIRS]
    return max(pairs, key=lambda pair: sum(each.score for each in pair))


def _by_gene(gene: Gene) -> tuple[str, float, str]:
    return gene.gene, -gene.score, gene.allele


def _rank(gene: Gene) -> tuple[float, str]:
    return -gene.score, gene.allele


def _number(antigen: str) -> tuple[int, str]:
    digits = "".join(letter for letter in antigen if letter.isdigit())
    return int(digits or 0), antigen


def _foreign(attempt: Attempt, assembly: Prepared) -> str | None:
    """Why this is not the species of the references, if it is not."""
    params = attempt.job.params
    references = [attempt.input_file(path) for path in params.get("references", [])]
    share = species_share(attempt, assembly.contigs, assembly.path, references)
    limit = THRESHOLDS[params["genus"]].species_above
    if share is None or 100 * share > limit:
        return None
    return f"{100 * share:.1f} % of the assembly is of the species (limit > {limit:g} %)"
