"""Locus and allele in the names of records: the file's stem or one style decides, and what is odd is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from crobot_errors import BadInput
from workers.nomenclature.allele_files import AlleleFiles, read_alleles


def file_of(tmp_path: Path, file: str, *names: str) -> Path:
    path = tmp_path / file
    path.write_text("".join(f">{name}\nACGT{'A' * at}\n" for at, name in enumerate(names)))
    return path


@pytest.mark.parametrize(
    ("file", "names", "found"),
    [
        ("p120'.tfa", ("p120'_1", "p120'-2", "p120'3"), [("p120'", 1), ("p120'", 2), ("p120'", 3)]),
        ("NC_003198.1_3005.fasta", ("NC_003198.1_3005_12",), [("NC_003198.1_3005", 12)]),
        ("16S_rRNA.tfa", ("1", "2"), [("16S_rRNA", 1), ("16S_rRNA", 2)]),
        ("aroC.tfa", ("aroC_007",), [("aroC", 7)]),
        ("all.fasta", ("STMMW_00011_15", "gyrB2-3"), [("STMMW_00011", 15), ("gyrB2", 3)]),
        ("all.fasta", ("aroC12", "p'7"), [("aroC", 12), ("p'", 7)]),
    ],
)  # fmt: skip
def test_the_files_stem_or_one_style_says_the_locus(
    tmp_path: Path, file: str, names: tuple[str, ...], found: list[tuple[str, int]]
) -> None:
    assert [each[:2] for each in read_alleles([file_of(tmp_path, file, *names)])] == found


@pytest.mark.parametrize(
    ("file", "names", "said"),
    [
        ("penA.fasta", ("penA_1.001",), "line 1: the id '1.001' of an allele of penA is not a number"),
        ("penA.fasta", ("penA_1", "penA_1_2"), "line 3: the id '1_2'"),
        ("penA.fasta", ("1", "2.0"), "line 3: the id '2.0'"),
        ("penA.fasta", ("penA_1", "penB_2"), "line 3: 'penB_2' does not name an allele"),
        ("STMMW.fasta", ("STMMW_00011_15",), "the id '00011_15' of an allele of STMMW .*give it a name"),
        ("all.fasta", ("penA_1.001",), "line 1: 'penA_1.001' does not name an allele"),
        ("all.fasta", ("penA_1", "penA_2.0"), "line 3: 'penA_2.0' .*the records before it are named otherwise"),
        ("all.fasta", ("penA_1", "penA2"), "line 3: 'penA2'"),
        ("all.fasta", ("lmo00011",), "line 1: 'lmo00011' does not name an allele"),
        ("all.fasta", ("STMMW_00011",), "line 1: 'STMMW_00011' does not name an allele"),
    ],
)  # fmt: skip
def test_what_is_no_number_never_becomes_a_part_of_the_locus(
    tmp_path: Path, file: str, names: tuple[str, ...], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        list(read_alleles([file_of(tmp_path, file, *names)]))


def test_ids_of_text_belong_to_the_locus_of_the_file(tmp_path: Path) -> None:
    path = file_of(tmp_path, "bla_TEM.fasta", "bla_TEM_1.0", "bla_TEM-v_2", "10.01")
    found = [each[:2] for each in AlleleFiles([path], numbered=False)]
    assert found == [("bla_TEM", "1.0"), ("bla_TEM", "v_2"), ("bla_TEM", "10.01")]


def test_an_id_of_text_keeps_its_meaning_within_the_files(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match=r"line 3: allele 1.0 of penA was already given in .*line 1, with another seq"
    ):
        list(AlleleFiles([file_of(tmp_path, "penA.fasta", "penA_1.0", "penA_1.0")], numbered=False))
