"""Klebsiella and Staphylococcus: sequence types, and which genomes have which genes, as published of these strains."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from Bio.Seq import Seq

from tests.running import run_pipeline
from tests.truth.packaged import file, genome
from tests.truth.table import Truth
from workers.contigs import read_assembly
from workers.fasta import read_records, reverse_complement
from workers.nomenclature.allele_files import AlleleFiles
from workers.nomenclature.profile_table import read_profiles
from workers.nomenclature.schemes import Scheme, read_scheme, write_scheme

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]

DATA = "usr/lib/python3/dist-packages/kleborate/data"
EXAMPLES = "kleborate/examples/data"
#: strain → file. Wu 2009, Lin 2012, Liu 2012, McClelland (CP000647)
KLEBSIELLA = {
    "NTUH-K2044": "NTUH-K2044.fna.xz",
    "1084": "Klebs_Kp1084.fna.xz",
    "HS11286": "Klebs_HS11286.fna.xz",
    "MGH 78578": "MGH78578.fna.xz",
}
SEQUENCE_TYPES = {"NTUH-K2044": 23, "1084": 23, "HS11286": 11, "MGH 78578": 38}
#: yersiniabactin (an ICEKp), colibactin (the pks island of 1084), aerobactin and salmochelin (the virulence plasmid)
GENES = {
    "ybtS": {"NTUH-K2044", "1084", "HS11286"},
    "clbA": {"1084"},
    "iucA": {"NTUH-K2044"},
    "iroB": {"NTUH-K2044"},
}
#: MRSA, and RF122 of a cow, which is susceptible
WITH_MECA, WITHOUT_MECA = ("N315", "COL", "JKD6008", "USA300_FPR3757"), ("RF122",)
#: the first amino acids of PBP2a, which is what mecA codes for
PBP2A = "MKKIKIVPLILIVVVVGFGIYFYASKDKE"


@pytest.fixture(scope="module")
def klebsiella(pytestconfig: pytest.Config) -> dict[str, Path]:
    return {
        strain: genome(pytestconfig, "kleborate-examples", f"{EXAMPLES}/{name}")
        for strain, name in KLEBSIELLA.items()
    }


def test_klebsiella_have_their_published_sequence_types(
    pytestconfig: pytest.Config, klebsiella: dict[str, Path], tmp_path: Path, truth: Truth
) -> None:
    alleles = list(
        AlleleFiles([file(pytestconfig, "kleborate", f"{DATA}/Klebsiella_pneumoniae.fasta")], numbered=True)
    )
    loci = list(dict.fromkeys(locus for locus, _, _ in alleles))
    scheme = read_scheme(write_scheme(tmp_path / "MLST" / "1", "MLST", "1", loci, alleles))
    table = read_profiles(file(pytestconfig, "kleborate", f"{DATA}/kpneumoniae.txt"), loci)
    types = {tuple(profile[locus] for locus in loci): number for number, profile, _ in table}
    found = {strain: types.get(called(path, scheme, loci, tmp_path)) for strain, path in klebsiella.items()}
    truth.says(
        "Klebsiella pneumoniae, 4 strains: sequence types",
        told(SEQUENCE_TYPES),
        told(found),
        source="published of these genomes",
    )


def called(assembly: Path, scheme: Scheme, loci: Sequence[str], folder: Path) -> tuple[Any, ...]:
    params = {"scheme": "MLST", "scheme_dir": str(scheme.directory), "prefix": "KLE_AA0001AA_AS"}
    report = run_pipeline(
        "nomenclature", folder, {"assembly": str(assembly)}, params, roots=(Path("/"),), checked=True
    )
    numbers = {each["locus"]: each["allele"] for each in report["results"]["calls"]}
    return tuple(numbers[locus] for locus in loci)


def test_klebsiella_have_their_published_virulence_genes(
    pytestconfig: pytest.Config, klebsiella: dict[str, Path], tmp_path: Path, truth: Truth
) -> None:
    query = tmp_path / "genes.fasta"
    query.write_text(
        "".join(f">{gene}\n{first_allele(pytestconfig, gene)}\n" for gene in GENES), encoding="ascii"
    )
    found = presence(tmp_path, query, klebsiella)
    truth.says(
        "Klebsiella pneumoniae, 4 strains: which have ybtS, clbA, iucA, iroB",
        told(GENES),
        told({gene: {strain for strain in found if found[strain][gene] != "absent"} for gene in GENES}),
        source="published of these genomes",
    )


def first_allele(pytestconfig: pytest.Config, gene: str) -> str:
    path = file(pytestconfig, "kleborate", f"{DATA}/{gene[:3]}_alleles.fasta")
    return next(record.sequence for record in read_records(path) if record.name == f"{gene}_1")


def test_meca_is_in_staphylococci_that_are_resistant_and_in_no_other(
    example: Callable[[str], Path], tmp_path: Path, truth: Truth
) -> None:
    strains = {name: example(f"S.Aureus/references/{name}.fasta") for name in (*WITH_MECA, *WITHOUT_MECA)}
    query = tmp_path / "meca.fasta"
    query.write_text(f">mecA\n{gene_of(strains['N315'], PBP2A)}\n", encoding="ascii")
    found = presence(tmp_path, query, strains)
    truth.says(
        "Staphylococcus aureus, 5 strains: which have mecA",
        told({"mecA": {*WITH_MECA}}),
        told({"mecA": {strain for strain in found if found[strain]["mecA"] in ("identical", "whole")}}),
        source="published of these genomes",
    )
    assert found["RF122"]["mecA"] == "absent"


def told(found: Mapping[str, object]) -> str:
    """On one line, sets in order."""
    words = (
        f"{key} {', '.join(sorted(value)) if isinstance(value, set) else value}"
        for key, value in found.items()
    )
    return "; ".join(words)


def presence(folder: Path, query: Path, assemblies: dict[str, Path]) -> dict[str, dict[str, str]]:
    files = {"query": str(query)} | {name: str(path) for name, path in assemblies.items()}
    report = run_pipeline("locus_table", folder, files, {}, roots=(Path("/"),), checked=True)
    lines = Path(report["outputs"]["table"]).read_text().splitlines()
    return {row["barcode"]: row for row in csv.DictReader(lines, delimiter="\t")}


def gene_of(path: Path, protein: str) -> str:
    """The open reading frame of a genome whose protein begins so."""
    for contig in read_assembly(path).values():
        for strand in (contig, reverse_complement(contig)):
            for frame in range(3):
                letters = str(Seq(strand[frame : len(strand) - (len(strand) - frame) % 3]).translate())
                if (begin := letters.find(protein)) >= 0:
                    return strand[frame + 3 * begin : frame + 3 * (letters.index("*", begin) + 1)]
    raise AssertionError(f"{path} has no gene of {protein}")
