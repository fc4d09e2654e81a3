"""Serovar, O:H type and annotation of genomes of which they are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import run_on
from tests.truth.agona import simulate_reads
from tests.truth.project import run_reads
from tests.truth.table import Truth

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]


@pytest.mark.usefixtures("serotyping")
def test_sl483_is_agona(agona: Path, tmp_path: Path, truth: Truth) -> None:
    found = run_on("SeroPred", agona, tmp_path)["results"]
    truth.says(
        "Salmonella SL483: serovar",
        "Agona, B, 1,4,[5],12:f,g,s",
        f"{found['serovar']}, {found['serogroup']}, {found['O']}:{found['H1']}",
        source="NC_011149",
    )
    assert (found["H2"], found["qc"]["status"]) == (None, "PASS")
    assert found["cgmlst_match"]["serovar"] == "Agona"
    assert found["cgmlst_match"]["loci_found"] == 330


@pytest.mark.usefixtures("serotyping")
def test_an_assembly_of_simulated_reads_has_the_serovar_of_its_genome(
    agona: Path, tmp_path: Path, truth: Truth
) -> None:
    reads = simulate_reads(agona, tmp_path, seed=1)
    assembly, _ = run_reads(tmp_path, reads, "SL483", assembler="megahit", genus="Salmonella")
    found = run_on("SeroPred", assembly, tmp_path)["results"]
    truth.says(
        "Salmonella SL483, simulated reads: serovar",
        "Agona, 1,4,[5],12:f,g,s",
        f"{found['serovar']}, {found['O']}:{found['H1']}",
        source="NC_011149",
    )
    assert (found["qc"]["status"], found["cgmlst_match"]["loci_found"]) == ("PASS", 330)


@pytest.mark.usefixtures("serotyping")
def test_an_escherichia_sent_as_salmonella_gets_no_serovar(
    mg1655: Path, tmp_path: Path, truth: Truth
) -> None:
    found = run_on("SeroPred", mg1655, tmp_path)["results"]
    truth.says(
        "E. coli MG1655 sent as Salmonella: serovar, QC",
        "None, FAIL",
        f"{found['serovar']}, {found['qc']['status']}",
        source="another species",
    )
    assert found["cgmlst_match"] is None
    assert any("cgMLST330 loci missing" in message for message in found["qc"]["messages"])


@pytest.mark.usefixtures("serotyping")
def test_mg1655_is_o16_h48(mg1655: Path, tmp_path: Path, truth: Truth) -> None:
    found = run_on("SeroPred", mg1655, tmp_path, genus="Escherichia")["results"]
    truth.says("E. coli MG1655: O:H type", "O16:H48", found["serovar"], source="K-12's published type")
    assert (found["O"], found["H1"]) == ("O16", "H48")
    assert found["qc"]["status"] == "PASS"
    assert {each["gene"] for each in found["genes"]} == {"wzx", "wzy", "fliC"}


@pytest.mark.usefixtures("serotyping")
def test_a_salmonella_sent_as_escherichia_fails_its_qc(
    agona: Path, mg1655: Path, tmp_path: Path, truth: Truth
) -> None:
    found = run_on("SeroPred", agona, tmp_path, genus="Escherichia", references=[str(mg1655)])["results"]
    truth.says(
        "Salmonella SL483 sent as Escherichia: serovar, QC",
        "None, FAIL",
        f"{found['serovar']}, {found['qc']['status']}",
        source="another species",
    )
    assert "of the assembly is of the species (limit > 70 %)" in found["qc"]["messages"][0]


AUREUS = {"genus": "Staphylococcus", "species": "aureus"}


def test_an_annotation_says_what_it_is_of_and_knows_the_proteins_of_its_genus(
    usa300: Path, tmp_path: Path, truth: Truth
) -> None:
    found = run_on("prokka_annotation", usa300, tmp_path, **AUREUS, strain="USA300")
    gbk = Path(found["outputs"]["gbk"]).read_text(encoding="ascii")
    assert "  ORGANISM  Staphylococcus aureus\n" in gbk
    assert '/strain="USA300"' in gbk
    assert found["results"]["proteins"].endswith("Staphylococcus, Escherichia")
    # by the proteins of Escherichia alone more than half of them are hypothetical
    genes, hypothetical = found["results"]["counts"]["CDS"], gbk.count('/product="hypothetical protein"')
    truth.says(
        "S. aureus USA300, contigs: genes, without a known function",
        "as annotated, 40 % at most",
        f"{genes:,}, {100 * hypothetical / genes:.0f} %",
        source="prokka's proteins of the genus",
        agrees=hypothetical < genes / 2.5,
    )


def test_the_annotation_has_the_genes_that_sl483_has(agona: Path, tmp_path: Path, truth: Truth) -> None:
    report = run_on("prokka_annotation", agona, tmp_path)
    counts = report["results"]["counts"]
    # Debian's barrnap knows 16S and 5S only: seven and eight of them
    truth.says(
        "Salmonella SL483: genes, tRNA, rRNA (16S and 5S)",
        "4,300–4,700, 86 ± 2, 15",
        f"{counts['CDS']:,}, {counts['tRNA']}, {counts['rRNA']}",
        source="NC_011149",
        agrees=4_300 < counts["CDS"] < 4_700 and abs(counts["tRNA"] - 86) <= 2 and counts["rRNA"] == 15,
    )
    gff = Path(report["outputs"]["gff"]).read_text(encoding="ascii")
    assert "\ngi|197247352|ref|NC_011149.1|\tProdigal" in gff
    assert "ID=SALAA0001AA_00001;" in gff
    assert "gene=thrA" in gff
    assert "LOCUS" in Path(report["outputs"]["gbk"]).read_text(encoding="ascii")
