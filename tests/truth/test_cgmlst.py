"""SISTR's 330 loci as a scheme of ours: our calls beside SISTR's own, locus by locus, and why some differ."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.running import run_pipeline
from tests.truth.agona import simulate_reads
from tests.truth.project import run_reads
from tests.truth.table import Truth
from workers import environments
from workers.contigs import read_assembly
from workers.fasta import reverse_complement
from workers.nomenclature.allele_files import AlleleFiles
from workers.nomenclature.representatives import is_coding
from workers.nomenclature.schemes import Scheme, read_scheme, write_scheme

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600), pytest.mark.usefixtures("serotyping")]

NAME = "SISTR_330"
PREFIX = "SAL_AA0001AA_AS"
#: so many bases SISTR's ends may lie off: it takes those of the centroid that it aligned, and some lack a few
MAX_SHIFT = 5
ENDS = "ends: ours are those of the longest known allele, SISTR's of its centroid"
COPIES = "SISTR takes one of two different copies"


@dataclass(frozen=True)
class Called:
    """One locus: what we say, and the sequence at each place that we found."""

    status: str
    sequences: tuple[str, ...]


@pytest.fixture(scope="module")
def sistr_330(serotyping: None, tmp_path_factory: pytest.TempPathFactory) -> Scheme:
    """All 139,729 alleles that SISTR ships, numbered in their order."""
    package = environments.packages("serotyping")
    assert package is not None
    alleles = list(AlleleFiles([package / "sistr" / "data" / "cgmlst" / "cgmlst-full.fasta"], numbered=False))
    numbered = zip(alleles, count(1), strict=False)
    loci = list(dict.fromkeys(locus for locus, _, _ in alleles))
    directory = tmp_path_factory.mktemp("schemes") / NAME / "1"
    rows = ((locus, number, sequence) for (locus, _, sequence), number in numbered)
    return read_scheme(write_scheme(directory, NAME, "1", loci, rows))


def ours(assembly: Path, scheme: Scheme, folder: Path) -> dict[str, Called]:
    params = {"scheme": NAME, "scheme_dir": str(scheme.directory), "prefix": PREFIX}
    files = {"assembly": str(assembly)}
    report = run_pipeline("nomenclature", folder, files, params, roots=(Path("/"),), checked=True)
    contigs, places = read_assembly(assembly), dict[str, list[str]]()
    for line in Path(report["outputs"]["gff"]).read_text(encoding="ascii").splitlines():
        if not line.startswith("#"):
            name, _, _, start, end, _, strand, _, attributes = line.split("\t")
            found = contigs[name][int(start) - 1 : int(end)]
            locus = dict(pair.split("=") for pair in attributes.split(";"))["locus"]
            places.setdefault(locus, []).append(found if strand == "+" else reverse_complement(found))
    calls = report["results"]["calls"]
    return {each["locus"]: Called(each["status"], tuple(places.get(each["locus"], ()))) for each in calls}


def theirs(assembly: Path, folder: Path) -> dict[str, str | None]:
    """The sequence of each locus by SISTR itself."""
    program, found = environments.command("serotyping", "sistr"), folder / "sistr.json"
    options = ["-a", found, "-f", "json", "-o", folder / "prediction", "-T", folder, "-i", assembly, "one"]
    subprocess.run([str(each) for each in (program, *options)], check=True, capture_output=True, cwd=folder)
    (loci,) = json.loads(found.read_text(encoding="utf-8")).values()
    return {locus: each["seq"] for locus, each in loci.items()}


def reason(our: Called, their: str | None) -> str:
    """Why we and SISTR differ on a locus; an unknown reason is none, and fails the test."""
    if our.status == "duplicated" and their in our.sequences:
        return COPIES
    if our.status == "fragmented" and their is None:
        return "same: not whole"
    if their is None or len(our.sequences) != 1:
        return "unknown"
    (sequence,) = our.sequences
    if sequence == their:
        return "same"
    shorter, longer = sorted((sequence, their), key=len)
    if our.status == "exact" and shorter in longer and len(longer) - len(shorter) <= MAX_SHIFT:
        return ENDS
    return "unknown"


def compare(assembly: Path, scheme: Scheme, folder: Path, what: str, truth: Truth) -> None:
    """Which of two alleles of one score SISTR takes depends on where in the assembly they lie, and may differ by a base
    at an end (NZ_AOXE01000059.1_430: 395 bases of the complete genome, 396 of a contig on the other strand). So what is
    demanded of the two is one allele but for its ends; whose ends are right, the gene says: ours is whole.
    """
    our, their = ours(assembly, scheme, folder), theirs(assembly, folder)
    assert our.keys() == their.keys()
    reasons = {locus: reason(our[locus], their[locus]) for locus in our}
    for locus, why in reasons.items():
        if not why.startswith("same"):
            lengths = [len(each) for each in our[locus].sequences]
            print(f"{locus}: {our[locus].status} {lengths}, SISTR {len(their[locus] or '')}: {why}")
    counted = Counter(reasons.values())
    same, ends, copies = counted["same"], counted[ENDS], counted[COPIES]
    assert all(is_coding(our[locus].sequences[0]) for locus, why in reasons.items() if why == ENDS)
    assert not any(is_coding(their[locus] or "") for locus, why in reasons.items() if why == ENDS)
    truth.says(
        f"Salmonella SL483, {what}: alleles of 330 cgMLST loci",
        "328 calls, 2 duplicated",
        f"{same + ends} calls, {copies} duplicated",
        source=f"SISTR; {ends} of its differ at the ends, where they are no whole genes",
    )


def test_the_complete_genome_has_the_alleles_that_sistr_finds(
    agona: Path, sistr_330: Scheme, tmp_path: Path, truth: Truth
) -> None:
    compare(agona, sistr_330, tmp_path, "complete", truth)


def test_an_assembly_of_simulated_reads_has_the_alleles_that_sistr_finds_in_it(
    agona: Path, sistr_330: Scheme, tmp_path: Path, truth: Truth
) -> None:
    reads = simulate_reads(agona, tmp_path, seed=1)
    assembly, _ = run_reads(tmp_path, reads, "SL483", assembler="megahit", genus="Salmonella")
    compare(assembly, sistr_330, tmp_path, "simulated reads", truth)
    # no locus was lost or changed by sequencing and assembling
    complete, drafted = ours(agona, sistr_330, tmp_path), ours(assembly, sistr_330, tmp_path)
    truth.says(
        "Salmonella SL483, simulated reads: alleles as in the complete genome",
        330,
        sum(complete[locus] == drafted[locus] for locus in complete),
        source="the genome that was sequenced",
    )
