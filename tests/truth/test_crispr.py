"""CRISPR arrays against published ones, against PILER-CR, and on both strands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.running import run_on
from tests.truth.packaged import genome
from tests.truth.table import Truth
from workers.contigs import fasta_text, read_assembly
from workers.fasta import reverse_complement

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]

RAGOUT, KLEBORATE = "ragout/examples", "kleborate/examples/data"
MG1655 = f"{RAGOUT}/E.Coli/references/MG1655-K12.fasta.gz"
DH1 = f"{RAGOUT}/E.Coli/references/DH1.fasta.gz"
O395 = f"{RAGOUT}/V.Cholerae/references/O395.fasta.gz"
NTUH = f"{KLEBORATE}/NTUH-K2044.fna.xz"
KP1084 = f"{KLEBORATE}/Klebs_Kp1084.fna.xz"

#: spacers of each array. K-12: Díez-Villaseñor and others 2010 (CRISPR2.1 and 2.3)
PUBLISHED = {MG1655: [12, 6], DH1: [6, 12]}
#: no published numbers; a number that changes is a change of the method
ELSEWHERE = {O395: [39], NTUH: [22, 3], KP1084: [8, 14]}
#: species that have none, but many repeats of other kinds
WITHOUT = [
    *(f"{RAGOUT}/H.Pylori/references/{name}.fasta.gz" for name in ("ELS37", "G27", "Gambia94_24", "SJM180")),
    *(f"{RAGOUT}/S.Aureus/references/{name}.fasta.gz" for name in ("COL", "JKD6008", "N315", "RF122")),
    f"{RAGOUT}/V.Cholerae/references/O1_Inaba.fasta.gz",
    f"{KLEBORATE}/Klebs_HS11286.fna.xz",
    f"{KLEBORATE}/MGH78578.fna.xz",
]
#: a line of PILER-CR's details ends with the spacer
SPACER = re.compile(r"\s*\d+\s+\d+\s+\d+\.\d\s+\d+\s+[ACGT]+\s+\S+\s+([ACGT]+)")


def packaged(pytestconfig: pytest.Config, member: str) -> Path:
    package = "ragout-examples" if member.startswith(RAGOUT) else "kleborate-examples"
    return genome(pytestconfig, package, member)


def named(member: str) -> str:
    """The species, where the package's folders have it, and the strain."""
    folder, name = Path(member).parts[-3], Path(member).name.split(".")[0]
    return f"{folder if folder != 'examples' else 'Klebsiella'} {name}".replace(".", ". ", 1)


def arrays(assembly: Path, folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run_on("CRISPR", assembly, folder)["results"]["arrays"]
    return found


def contents(found: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return sorted((each["repeat_consensus"], *each["repeats"], *each["spacers"]) for each in found)


@pytest.mark.parametrize("member", [*PUBLISHED, *ELSEWHERE])
def test_arrays_have_the_spacers_that_are_known(
    pytestconfig: pytest.Config, member: str, tmp_path: Path, truth: Truth
) -> None:
    found = arrays(packaged(pytestconfig, member), tmp_path)
    truth.says(
        f"{named(member)}: spacers of its CRISPR arrays",
        (PUBLISHED | ELSEWHERE)[member],
        [len(each["spacers"]) for each in found],
        source="Díez-Villaseñor and others 2010" if member in PUBLISHED else "what was found here before",
    )


@pytest.mark.parametrize("member", WITHOUT)
def test_genomes_without_arrays_have_none(
    pytestconfig: pytest.Config, member: str, tmp_path: Path, truth: Truth
) -> None:
    found = len(arrays(packaged(pytestconfig, member), tmp_path))
    truth.says(f"{named(member)}: CRISPR arrays", 0, found, source="its species has none, or its genome")


def test_two_genomes_of_k12_have_the_same_arrays_though_on_different_strands(
    pytestconfig: pytest.Config, mg1655: Path, tmp_path: Path, truth: Truth
) -> None:
    one, other, drafts = (
        arrays(path, tmp_path)
        for path in (packaged(pytestconfig, MG1655), packaged(pytestconfig, DH1), mg1655)
    )
    equal = sum(contents(one) == contents(each) for each in (other, drafts))
    truth.says(
        "E. coli K-12: genomes with the same CRISPR arrays",
        2,
        equal,
        source="one strain, two strands, and contigs",
    )
    assert [each["strand"] for each in one] != [each["strand"] for each in other]


@pytest.mark.parametrize("member", [MG1655, O395, NTUH])
@pytest.mark.parametrize("flank", [0, 20, 1000])
def test_an_array_alone_is_that_of_its_genome_on_both_strands(
    pytestconfig: pytest.Config, member: str, flank: int, tmp_path: Path, truth: Truth
) -> None:
    path = packaged(pytestconfig, member)
    contigs, same, all_ = read_assembly(path), 0, 0
    for each in arrays(path, tmp_path):
        part = contigs[each["contig"]][each["start"] - 1 - flank : each["end"] + flank]
        for sequence in (part, reverse_complement(part)):
            alone = tmp_path / "alone.fasta"
            alone.write_text(fasta_text({"part": sequence}), encoding="ascii")
            same += contents(arrays(alone, tmp_path)) == contents([each])
            all_ += 1
    truth.says(
        f"{named(member)}: arrays alone with {flank} bases beside them, both strands",
        all_,
        same,
        source="the same arrays in the genome",
    )


@pytest.mark.parametrize("member", [*PUBLISHED, *ELSEWHERE])
def test_most_spacers_of_piler_cr_are_ours(
    pytestconfig: pytest.Config, member: str, tmp_path: Path, truth: Truth
) -> None:
    path = packaged(pytestconfig, member)
    spacers = "|".join(spacer for each in arrays(path, tmp_path) for spacer in each["spacers"])
    report = tmp_path / "pilercr.txt"
    subprocess.run(["pilercr", "-in", path, "-out", report, "-noinfo", "-quiet"], check=True)
    theirs = [found[1] for line in report.read_text().splitlines() if (found := SPACER.match(line))]
    # it may take a letter more or less at the ends, and reads spacers of two repeats as one
    middles = [spacer[2:-2] for spacer in theirs]
    ours = [each for each in middles if each in spacers or reverse_complement(each) in spacers]
    truth.says(
        f"{named(member)}: CRISPR spacers",
        f"{len(theirs)}, of which 70 % at least",
        f"{len(ours)} of these, {spacers.count('|') + 1} in all",
        source="PILER-CR",
        agrees=len(ours) >= 0.7 * len(theirs),
    )
    assert spacers.count("|") + 1 >= len(ours)
