"""PubMLST's files and the exported scheme directory."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from crobot_errors import BadInput, NodeBroken
from workers.nomenclature.allele_files import AlleleFiles, read_alleles
from workers.nomenclature.profile_table import read_profiles
from workers.nomenclature.representatives import LocusSummary, is_coding
from workers.nomenclature.schemes import read_scheme, write_scheme

ALLELES = [("aroC", 1, "ATGAAATAA"), ("dnaN", 1, "ACGTACGTACGT"), ("aroC", 2, "ATGAACTAA")]


def written(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("name", ["aroC_12", "aroC-12", "aroC|12", "aroC12", "12", "aroC_12 some words"])
def test_an_allele_is_named_in_several_styles(tmp_path: Path, name: str) -> None:
    file = written(tmp_path / "aroC.tfa", f">{name}\nACGT\nacgt\n")
    assert list(read_alleles([file])) == [("aroC", 12, "ACGTACGT")]


@pytest.mark.parametrize(
    ("file", "name", "locus"),
    [
        ("lmo0001.tfa", "lmo000115", "lmo0001"),
        ("lmo0001.tfa", "lmo0001_15", "lmo0001"),
        ("all.fasta", "STMMW_00011_15", "STMMW_00011"),
        ("all.fasta", "gyrB2-15", "gyrB2"),
    ],
)
def test_a_locus_may_end_in_a_digit(tmp_path: Path, file: str, name: str, locus: str) -> None:
    assert list(read_alleles([written(tmp_path / file, f">{name}\nACGT\n")])) == [(locus, 15, "ACGT")]


@pytest.mark.parametrize(
    ("name", "locus", "allele"),
    [
        ("NC_003198.1_3005|3616957590", "NC_003198.1_3005", "3616957590"),
        ("aroC_9f86d081", "aroC", "9f86d081"),
        ("lmo_0001-b_9f86", "lmo_0001-b", "9f86"),
        ("aroC_1.001", "aroC", "1.001"),
    ],
)
def test_an_allele_may_be_named_by_a_checksum_or_text(
    tmp_path: Path, name: str, locus: str, allele: str
) -> None:
    file = written(tmp_path / "all.fasta", f">{name} words\nacgt\n>{name}\nACGT\n")
    assert list(AlleleFiles([file], numbered=False)) == [(locus, allele, "ACGT")]


@pytest.mark.parametrize("name", ["aroC", "|9f86", "aroC|", "aroC|9f86|2", "9f86d081"])
def test_a_checksum_without_a_locus_is_refused(tmp_path: Path, name: str) -> None:
    file = written(tmp_path / "all.fasta", f">aroC|1\nAC\n>{name}\nACGT\n")
    with pytest.raises(BadInput, match="line 3.*does not name a locus and an allele"):
        list(AlleleFiles([file], numbered=False))


def test_ambiguity_codes_of_published_alleles_are_kept(tmp_path: Path) -> None:
    file = written(tmp_path / "adk.tfa", ">adk_706\nACRNT\n")
    assert list(read_alleles([file])) == [("adk", 706, "ACRNT")]


@pytest.mark.parametrize("column", ["ST", "cgST", "eST"])
def test_the_sequence_type_is_in_the_column_of_its_kind(tmp_path: Path, column: str) -> None:
    file = written(tmp_path / "p.txt", f"{column}\taroC\n7\t2\n")
    assert list(read_profiles(file, ["aroC"])) == [(7, {"aroC": 2}, {})]


def test_line_ends_of_windows_and_a_byte_order_mark_are_accepted(tmp_path: Path) -> None:
    alleles = written(tmp_path / "aroC.tfa", "\ufeff>aroC_1\r\nACGT\r\n\r\n>aroC_2\r\nACGA\r\n")
    profiles = written(tmp_path / "p.txt", "\ufeffST\taroC\tclonal_complex\r\n1\t2\tST1 complex\r\n\r\n")
    assert list(read_alleles([alleles])) == [("aroC", 1, "ACGT"), ("aroC", 2, "ACGA")]
    assert list(read_profiles(profiles, ["aroC"])) == [(1, {"aroC": 2}, {"clonal_complex": "ST1 complex"})]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (">aroC_1\nACGT\n>aroC_1\nACGA\n", "line 3", "allele 1 of aroC was already given"),
        (">aroC_1\nACGT\n>aroC_2\nacgt\n", "line 3", "the same sequence as allele 1"),
        (">aroC_1\nAC-T\n", "line 1", "'-' is no nucleotide"),
        (">aroC_1\n>aroC_2\nACGT\n", "line 1", "no sequence"),
        (">aroC\nACGT\n", "line 1", "does not name an allele"),
        ("ACGT\n", "line 1", "not FASTA"),
        ("", "", "is empty"),
    ],
)
def test_bad_alleles_are_refused_with_file_and_line(
    tmp_path: Path, text: str, line: str, reason: str
) -> None:
    file = written(tmp_path / "aroC.tfa", text)
    with pytest.raises(BadInput, match=reason) as caught:
        list(read_alleles([file]))
    assert str(file) in str(caught.value)
    assert line in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("ST\taroC\n1\t1\n", "line 1", "no column for dnaN"),
        ("x\taroC\tdnaN\n1\t1\t1\n", "line 1", "no column ST"),
        ("ST\taroC\tdnaN\taroC\n", "line 1", "two columns aroC"),
        ("ST\taroC\tdnaN\n1\t1\tN\n", "line 2", "'N' in column dnaN is not a number"),
        ("ST\taroC\tdnaN\n1\t1\n", "line 2", "'' in column dnaN"),
        ("ST\taroC\tdnaN\n1\t1\t1\t4\n", "line 2", "4 columns, the header has 3"),
        ("ST\taroC\tdnaN\n1\t1\t1\n1\t1\t2\n", "line 3", "ST 1 was already given in line 2"),
        ("ST\taroC\tdnaN\n1\t1\t1\n2\t1\t1\n", "line 3", "same profile as ST 1 in line 2"),
        (
            "ST\taroC\tdnaN\themD\n1\t1\t1\t1\n2\t1\t1\t2\n",
            "line 3",
            "but for hemD: are these loci without",
        ),
        ("ST\taroC\tdnaN\n0\t1\t1\n", "line 2", "'0' in column ST"),
        ("ST\taroC\tdnaN\n", "", "no profiles"),
        ("", "line 1", "no column"),
    ],
)
def test_bad_profiles_are_refused_with_file_and_line(
    tmp_path: Path, text: str, line: str, reason: str
) -> None:
    file = written(tmp_path / "profiles.txt", text)
    with pytest.raises(BadInput, match=reason) as caught:
        list(read_profiles(file, ["aroC", "dnaN"]))
    assert str(file) in str(caught.value)
    assert line in str(caught.value)


def test_a_scheme_is_read_as_it_was_written(tmp_path: Path) -> None:
    scheme = read_scheme(write_scheme(tmp_path / "mlst" / "3", "mlst", "3", ["dnaN", "aroC"], ALLELES))
    assert (scheme.name, scheme.version) == ("mlst", "3")
    assert [(locus.name, locus.longest, locus.coding) for locus in scheme.loci] == [
        ("dnaN", 12, False),
        ("aroC", 9, True),
    ]
    assert list(scheme.alleles()) == ALLELES


def test_a_version_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    directory = write_scheme(tmp_path / "3", "mlst", "3", ["dnaN", "aroC"], ALLELES)
    write_scheme(directory, "mlst", "3", ["aroC"], [ALLELES[0]])
    assert list(read_scheme(directory).alleles()) == ALLELES


def test_heads_that_export_at_once_leave_one_complete_scheme(tmp_path: Path) -> None:
    arguments = (tmp_path / "3", "mlst", "3", ["dnaN", "aroC"], ALLELES)
    threads = [threading.Thread(target=write_scheme, args=arguments) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(read_scheme(tmp_path / "3").alleles()) == ALLELES
    assert [path.name for path in tmp_path.iterdir()] == ["3"]


@pytest.mark.parametrize("loci", [["aroC", "dnaN", "hemD"], ["aroC"], []])
def test_an_export_that_fails_leaves_nothing(tmp_path: Path, loci: list[str]) -> None:
    with pytest.raises(BadInput):
        write_scheme(tmp_path / "3", "mlst", "3", loci, ALLELES)
    assert not list(tmp_path.iterdir())


def test_a_directory_without_a_scheme_is_the_nodes_fault(tmp_path: Path) -> None:
    with pytest.raises(NodeBroken, match="no usable scheme"):
        read_scheme(tmp_path)
    (tmp_path / "scheme.json").write_text(json.dumps({"scheme": "mlst"}))
    with pytest.raises(NodeBroken, match="no usable scheme"):
        read_scheme(tmp_path)


def test_similar_alleles_share_a_representative_and_a_divergent_one_is_its_own() -> None:
    summary = LocusSummary()
    first = "ACGTTGCAAGCTTAGGCATCGATTACGCTA" * 5
    for number, sequence in enumerate([first, first[:70] + "T" + first[71:], first[::-1]], 1):
        summary.add(number, sequence)
    assert [number for number, _ in summary.representatives] == [1, 3]


@pytest.mark.parametrize(
    ("sequence", "coding"),
    [
        ("ATGAAATAA", True),
        ("ATGTAATAA", False),
        ("ATGAATAA", False),
        ("AAAAAATAA", False),
        ("ATGAAAAAA", False),
    ],
)
def test_a_complete_coding_sequence_has_a_start_and_one_stop_at_its_end(sequence: str, coding: bool) -> None:
    assert is_coding(sequence) is coding
