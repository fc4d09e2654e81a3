"""Serovar, O:H type and annotation of genomes of which they are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import run_on
from tests.truth.agona import simulate_reads
from tests.truth.project import run_reads

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]


@pytest.mark.usefixtures("serotyping")
def test_sl483_is_agona(agona: Path, tmp_path: Path) -> None:
    found = run_on("SeroPred", agona, tmp_path)["results"]
    assert (found["serovar"], found["serogroup"], found["O"]) == ("Agona", "B", "1,4,[5],12")
    assert (found["H1"], found["H2"], found["qc"]["status"]) == ("f,g,s", None, "PASS")
    assert found["cgmlst_match"]["serovar"] == "Agona"
    assert found["cgmlst_match"]["loci_found"] == 330


@pytest.mark.usefixtures("serotyping")
def test_an_assembly_of_simulated_reads_has_the_serovar_of_its_genome(agona: Path, tmp_path: Path) -> None:
    reads = simulate_reads(agona, tmp_path, seed=1)
    assembly, _ = run_reads(tmp_path, reads, "SL483", assembler="megahit", genus="Salmonella")
    found = run_on("SeroPred", assembly, tmp_path)["results"]
    assert (found["serovar"], found["O"], found["H1"]) == ("Agona", "1,4,[5],12", "f,g,s")
    assert (found["qc"]["status"], found["cgmlst_match"]["loci_found"]) == ("PASS", 330)


@pytest.mark.usefixtures("serotyping")
def test_an_escherichia_sent_as_salmonella_gets_no_serovar(mg1655: Path, tmp_path: Path) -> None:
    found = run_on("SeroPred", mg1655, tmp_path)["results"]
    assert (found["serovar"], found["cgmlst_match"]) == (None, None)
    assert found["qc"]["status"] == "FAIL"
    assert any("cgMLST330 loci missing" in message for message in found["qc"]["messages"])


@pytest.mark.usefixtures("serotyping")
def test_mg1655_is_o16_h48(mg1655: Path, tmp_path: Path) -> None:
    found = run_on("SeroPred", mg1655, tmp_path, genus="Escherichia")["results"]
    assert (found["serovar"], found["O"], found["H1"]) == ("O16:H48", "O16", "H48")
    assert found["qc"]["status"] == "PASS"
    assert {each["gene"] for each in found["genes"]} == {"wzx", "wzy", "fliC"}


@pytest.mark.usefixtures("serotyping")
def test_a_salmonella_sent_as_escherichia_fails_its_qc(agona: Path, mg1655: Path, tmp_path: Path) -> None:
    found = run_on("SeroPred", agona, tmp_path, genus="Escherichia", references=[str(mg1655)])["results"]
    assert (found["serovar"], found["qc"]["status"]) == (None, "FAIL")
    assert "of the assembly is of the species (limit > 70 %)" in found["qc"]["messages"][0]


AUREUS = {"genus": "Staphylococcus", "species": "aureus"}


def test_an_annotation_says_what_it_is_of_and_knows_the_proteins_of_its_genus(
    usa300: Path, tmp_path: Path
) -> None:
    found = run_on("prokka_annotation", usa300, tmp_path, **AUREUS, strain="USA300")
    gbk = Path(found["outputs"]["gbk"]).read_text(encoding="ascii")
    assert "  ORGANISM  Staphylococcus aureus\n" in gbk
    assert '/strain="USA300"' in gbk
    assert found["results"]["proteins"].endswith("Staphylococcus, Escherichia")
    # by the proteins of Escherichia alone more than half of them are hypothetical
    assert gbk.count('/product="hypothetical protein"') < found["results"]["counts"]["CDS"] / 2.5


def test_the_annotation_has_the_genes_that_sl483_has(agona: Path, tmp_path: Path) -> None:
    report = run_on("prokka_annotation", agona, tmp_path)
    counts = report["results"]["counts"]
    # Debian's barrnap knows 16S and 5S only: seven and eight of them
    assert 4_300 < counts["CDS"] < 4_700
    assert counts["tRNA"] == pytest.approx(86, abs=2)
    assert counts["rRNA"] == 15
    gff = Path(report["outputs"]["gff"]).read_text(encoding="ascii")
    assert "\ngi|197247352|ref|NC_011149.1|\tProdigal" in gff
    assert "ID=SALAA0001AA_00001;" in gff
    assert "gene=thrA" in gff
    assert "LOCUS" in Path(report["outputs"]["gbk"]).read_text(encoding="ascii")
