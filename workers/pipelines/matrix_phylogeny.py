"""matrix_phylogeny: alignment of core SNPs → maximum-likelihood tree, rooted, and its picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from crobot_errors import BadInput, TooFewTaxa
from workers import storage
from workers.pipelines.base import Attempt, JobInput, Outcome, Pipeline, Resources, Tool
from workers.snp.inputs import file_bytes, input_text, labels_of
from workers.snp.matrix_files import read_alignment
from workers.snp.pictures import draw_tree
from workers.snp.tree import distinct, in_snps, put_back, small_tree
from workers.trees import newick
from workers.trees.newick import Branch
from workers.trees.rooting import rooted

IQTREE = Tool("iqtree", "iqtree2", ("--version",), "2.0", "iqtree")
MODEL = "GTR+F"
#: replicates of the SH-like likelihood-ratio test, whose percentages are the support of branches; its least number
REPLICATES = 1000
#: fewer taxa have only one tree without a root
LEAST_TAXA = 4
SEED = 1
CORES = 2
BASE_MEMORY_BYTES, MEMORY_A_BYTE = 500_000_000, 300
BASE_TIME_S, TIME_S_A_MB = 3600, 3600


class MatrixPhylogeny(Pipeline):
    """Input: ``alignment`` of the sites that differ.

    Parameters: ``constant``, the numbers of constant sites by base, without which branches come out too long;
    ``outgroup``, a taxon (else the root lies in the middle); ``reference``, the taxon to highlight;
    ``labels``, names for the picture by taxon.
    """

    name = "matrix_phylogeny"
    version = "1.1"
    tools = (IQTREE,)
    expected_s = 30.0

    def resources(self, job: JobInput) -> Resources:
        """By the size of the alignment."""
        size = file_bytes(input_text(self.name, job, "alignment"))
        return Resources(
            cores=CORES,
            memory_bytes=BASE_MEMORY_BYTES + MEMORY_A_BYTE * size,
            disk_bytes=50_000_000 + 10 * size,
            time_s=BASE_TIME_S + TIME_S_A_MB * size // 10**6,
        )

    def validate(self, job: JobInput, roots: Sequence[Path]) -> None:
        """Check parameters, and that the alignment is there."""
        _constant(job)
        labels_of(job)
        storage.checked_file(input_text(self.name, job, "alignment"), roots)

    def run(self, attempt: Attempt) -> Outcome:
        """Infer, root, draw."""
        constant = _constant(attempt.job)
        alignment = _alignment(attempt)
        outgroup = _outgroup(attempt.job, alignment)
        same = distinct(alignment)
        different = {taxon: alignment[taxon] for taxon in same}
        sites = sum(constant) + len(next(iter(alignment.values())))
        attempt.log(f"{len(alignment)} taxa, {len(different)} of them distinct; {sites} sites")
        few = len(different) < LEAST_TAXA
        tree = small_tree(different, max(sites, 1)) if few else _inferred(attempt, different, constant)
        tree = rooted(put_back(tree, same), outgroup)
        results = {
            "taxa": len(alignment),
            "distinct_taxa": len(different),
            "sites": sites,
            "snps": sites - sum(constant),
            "model": "none: fewer than four taxa are distinct" if few else MODEL,
            "root": outgroup or "midpoint",
            "support": "" if few else "SH-aLRT",
        }
        return Outcome(results, _write(attempt, tree, sites))


def _constant(job: JobInput) -> tuple[int, ...]:
    given = job.params.get("constant", {})
    counts = tuple(given.get(base, 0) for base in "ACGT") if isinstance(given, dict) else (given,)
    if not all(isinstance(count, int) and count >= 0 for count in counts):
        raise BadInput(f"constant must give a number of sites for each of A, C, G and T, not {given!r}")
    return counts


def _alignment(attempt: Attempt) -> dict[str, str]:
    alignment = read_alignment(attempt.input_file(input_text("matrix_phylogeny", attempt.job, "alignment")))
    if len(alignment) < LEAST_TAXA:
        raise TooFewTaxa(
            f"a tree needs at least {LEAST_TAXA} taxa, the reference included; these are {len(alignment)}: "
            f"{', '.join(alignment)}. Add assemblies"
        )
    return alignment


def _outgroup(job: JobInput, alignment: Mapping[str, str]) -> str | None:
    outgroup = job.params.get("outgroup") or None
    if outgroup is not None and outgroup not in alignment:
        raise BadInput(f"the outgroup {outgroup!r} is none of the taxa {', '.join(alignment)}")
    return outgroup


def _inferred(attempt: Attempt, alignment: Mapping[str, str], constant: Sequence[int]) -> Branch:
    """Let IQ-TREE find the tree, with numbers for names."""
    path, prefix = attempt.scratch_dir / "snps.fasta", attempt.scratch_dir / "iqtree"
    names = list(alignment)
    path.write_text(
        "".join(f">t{at}\n{alignment[name]}\n" for at, name in enumerate(names)), encoding="ascii"
    )
    # branches may be as short as a hundredth of a change: the default minimum would be visible
    shortest = 0.01 / (sum(constant) + len(alignment[names[0]]))
    cores = str(attempt.resources.cores)
    options = [
        "-m",
        MODEL,
        "-seed",
        str(SEED),
        "-nt",
        cores,
        "-blmin",
        f"{shortest:.3g}",
        "-alrt",
        str(REPLICATES),
    ]
    if any(constant):
        options += ["-fconst", ",".join(map(str, constant))]
    attempt.run_tool(IQTREE, ["-s", path, "-pre", prefix, "-redo", "-keep-ident", *options])
    tree = newick.parse(prefix.with_suffix(".treefile").read_text())
    for leaf in tree.leaves():
        leaf.name = names[int(leaf.name[1:])]
    return tree


def _write(attempt: Attempt, tree: Branch, sites: int) -> dict[str, str]:
    directory = attempt.output_dir
    paths = {
        "tree": directory / "rooted.nwk",
        "tree_svg": directory / "tree.svg",
        "tree_png": directory / "tree.png",
    }
    paths["tree"].write_text(newick.write(tree) + "\n", encoding="utf-8")
    drawn, labels = in_snps(tree, sites), labels_of(attempt.job)
    for leaf in drawn.leaves():
        leaf.name = labels.get(leaf.name, leaf.name)
    reference = attempt.job.params.get("reference", "")
    draw_tree(drawn, labels.get(reference, reference), svg=paths["tree_svg"], png=paths["tree_png"])
    return {name: str(path) for name, path in paths.items()}
