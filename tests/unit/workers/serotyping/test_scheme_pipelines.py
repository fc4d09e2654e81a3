"""What the scheme pipelines make of their tools' output: serotypes, the names in a GFF."""

from __future__ import annotations

from pathlib import Path

import pytest

from crobot_tasks.jobs.generic import failed_check
from workers.annotating import prokka
from workers.serotyping import ectyper, sistr
from workers.serotyping.ectyper import Gene, best_o
from workers.serotyping.serotype import Check


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([], "PASS"),
        (["WARNING: no H antigen gene was found"], "WARNING"),
        (["WARNING: a", "FAIL: b"], "FAIL"),
    ],
)
def test_a_check_is_as_bad_as_its_worst_message(messages: list[str], status: str) -> None:
    assert Check.of(messages).status == status


def test_what_fails_the_qc_of_sistr_is_no_serovar() -> None:
    made_up = {
        "serovar": "Enteritidis",
        "serogroup": "-",
        "o_antigen": "-",
        "h1": "g,m",
        "h2": "-",
        "qc_messages": "FAIL: Large number of cgMLST330 loci missing (n=78 > 30) | INFO: 252 loci found",
        "cgmlst_distance": None,
    }
    found = sistr.read(made_up, "SISTR 1.1.3")
    assert (found.serovar, found.serogroup, found.O, found.H1, found.H2) == (None, None, None, "g,m", None)
    assert found.qc.messages == ("FAIL: Large number of cgMLST330 loci missing (n=78 > 30)",)


def gene(antigen: str, name: str, identity: float, coverage: float = 100.0) -> Gene:
    return Gene(antigen, name, f"{antigen}-{name}-{identity}", "1", identity, coverage)


def test_the_o_antigen_with_the_best_pair_of_genes_wins() -> None:
    found = [
        gene("O16", "wzx", 100),
        gene("O16", "wzy", 99.5),
        gene("O17", "wzx", 97),
        gene("O16", "wzx", 96),
    ]
    antigens, genes = best_o(found)
    assert antigens == ["O16"]
    assert [each.identity for each in genes] == [100, 99.5]


def test_one_gene_of_each_pair_makes_no_pair() -> None:
    _, genes = best_o([gene("O8", "wzx", 96), gene("O8", "wzm", 99), gene("O8", "wzt", 98)])
    assert [each.gene for each in genes] == ["wzm", "wzt"]


def test_o_antigens_of_nearly_the_same_score_are_all_named() -> None:
    antigens, _ = best_o([gene("O50", "wzy", 99.9), gene("O2", "wzy", 99.9), gene("O7", "wzy", 98)])
    assert antigens == ["O2", "O50"]


def test_no_antigen_at_all_fails_and_a_missing_one_warns() -> None:
    fli = gene("H48", "fliC", 100)
    assert ectyper.check([], [], [], None).status == "FAIL"
    assert ectyper.check([], [fli], [], None).status == "WARNING"
    assert ectyper.check(["O16"], [fli], [], None).status == "PASS"
    assert ectyper.check(["O16"], [fli], [], "another species").status == "FAIL"


@pytest.mark.parametrize(
    ("prefix", "tag"),
    [("SAL_AA0001AA_AS", "SALAA0001AA"), ("x", "xXX"), ("a" * 40, "a" * 12)],
)
def test_a_locus_tag_is_one_that_genbank_takes(prefix: str, tag: str) -> None:
    assert prokka.locus_tag(prefix) == tag


def test_a_gff_has_the_contigs_own_names_and_counts_its_features(tmp_path: Path) -> None:
    source, target = tmp_path / "in.gff", tmp_path / "out.gff"
    source.write_text(
        "##gff-version 3\n##sequence-region 2 1 90\n2\tProdigal\tCDS\t1\t90\t.\t+\t0\tID=X_1\n"
        "1\tAragorn\ttRNA\t5\t80\t.\t+\t.\tID=X_2\n##FASTA\n>2\nACGT\n"
    )
    counts = prokka.rename(source, target, ["gi|1|ref", "chr;omo=some"])
    assert counts == {"CDS": 1, "rRNA": 0, "tRNA": 1, "tmRNA": 0}
    assert target.read_text() == (
        "##gff-version 3\n##sequence-region chr%3Bomo%3Dsome 1 90\n"
        "chr%3Bomo%3Dsome\tProdigal\tCDS\t1\t90\t.\t+\t0\tID=X_1\n"
        "gi|1|ref\tAragorn\ttRNA\t5\t80\t.\t+\t.\tID=X_2\n##FASTA\n>chr%3Bomo%3Dsome\nACGT\n"
    )


def test_a_failed_quality_check_is_said_by_its_first_reason() -> None:
    messages = ["WARNING: no fliC", "FAIL: 78 loci missing", "FAIL: no wzx"]
    assert failed_check({"qc": {"status": "FAIL", "messages": messages}}) == "QC FAIL: 78 loci missing"
    assert failed_check({"qc": {"status": "WARNING", "messages": messages[:1]}}) is None
    assert failed_check({"arrays": []}) is None
