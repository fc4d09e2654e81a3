"""A published scheme with a blemish comes in, and what is odd is told once, with its place and how it is taken."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from crobot_errors import BadInput
from workers.nomenclature.allele_files import AlleleFiles
from workers.nomenclature.blemishes import Blemishes
from workers.nomenclature.profile_table import read_profiles

LOCI = ["gap", "trpE"]
HEADER = "ST\tgap\ttrpE\tclonal_complex\tyear\n"


def files(tmp_path: Path, text: str, strict: bool = False, numbered: bool = True) -> AlleleFiles:
    path = tmp_path / "gap.tfa"
    path.write_text(text)
    return AlleleFiles([path], Blemishes(strict), numbered)


def profiles(
    tmp_path: Path, lines: str, alleles: AlleleFiles | None = None, strict: bool = False
) -> tuple[list[tuple[int, list[Any]]], list[str]]:
    path, blemishes = tmp_path / "p.txt", Blemishes(strict)
    path.write_text(HEADER + lines)
    found = [(st, list(row.values())) for st, row, _ in read_profiles(path, LOCI, alleles, blemishes)]
    return found, blemishes.found


@pytest.mark.parametrize("order", [(2, 23, 7), (23, 7, 2), (7, 2, 23)])
def test_of_numbers_with_one_sequence_the_smallest_stands_for_all(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    alleles = files(tmp_path, ">gap_1\nACC\n" + "".join(f">gap_{number}\nacgt\n" for number in order))
    assert sorted(alleles) == [("gap", 1, "ACC"), ("gap", 2, "ACGT")]
    assert alleles.aliases == {("gap", 7): 2, ("gap", 23): 2}
    assert len(alleles.blemishes.found) == 2
    assert "gap.tfa, line 5: allele" in alleles.blemishes.found[0]
    assert profiles(tmp_path, "1\t23\t5\n2\t1\t5\n", alleles)[0] == [(1, [2, 5]), (2, [1, 5])]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (">gap_1\nACC\n", "line 3: allele 1 of gap was already given in .*, line 1; it is taken once"),
        (">gap_2\n", "line 3: allele 2 of gap has no sequence; it is passed over"),
        (">gap_0\nACT\n", "line 3: allele 0 of gap is none.*; it is passed over"),
    ],
)
def test_a_record_that_adds_nothing_is_passed_over(tmp_path: Path, record: str, said: str) -> None:
    alleles = files(tmp_path, ">gap_1\nACC\n" + record)
    assert list(alleles) == list(alleles) == [("gap", 1, "ACC")]
    (told,) = alleles.blemishes.found
    assert re.search(said, told)
    with pytest.raises(BadInput, match=said.partition(";")[0]):
        list(files(tmp_path, ">gap_1\nACC\n" + record, strict=True))


def test_an_allele_with_two_sequences_is_refused_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match=r"line 3: allele 1 of gap was already given in .*, with another sequence"
    ):
        list(files(tmp_path, ">gap_1\nACC\n>gap_1\nACT\n"))


@pytest.mark.parametrize("mark", ["N", "?", "-", ""])
def test_a_profile_may_lack_alleles_and_may_then_be_like_another(tmp_path: Path, mark: str) -> None:
    lines = f"1\t1\t1\n2\t{mark}\t2\n3\t{mark}\t2\n"
    found, told = profiles(tmp_path, lines)
    assert found == [(1, [1, 1]), (2, [0, 2]), (3, [0, 2])]
    assert told == [
        f"{tmp_path}/p.txt: 2 profiles lack alleles, first in line 3; no genome gets these sequence types"
    ]
    with pytest.raises(BadInput, match=re.escape(f"line 3: {mark!r} in column gap is not a number")):
        profiles(tmp_path, lines, strict=True)


def test_a_profile_of_two_sequence_types_is_told_without_a_misleading_hint(tmp_path: Path) -> None:
    lines = "7067\t2\t2\tCC1\t1998\n7066\t2\t2\t\t\n"
    found, told = profiles(tmp_path, lines)
    assert [st for st, _ in found] == [7067, 7066]
    assert told[0].startswith(
        f"{tmp_path}/p.txt, line 3: ST 7066 has the same profile as ST 7067 in line 2; "
    )
    assert told[0].endswith("genomes that have it get ST 7066")
    with pytest.raises(BadInput, match="same profile as ST 7067 in line 2$"):
        profiles(tmp_path, lines, strict=True)


def test_profiles_that_differ_in_a_column_of_numbers_only_lack_a_locus(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"line 3: .* but for year: are these loci without a file of alleles"):
        profiles(tmp_path, "1\t2\t2\tCC1\t4\n2\t2\t2\tCC1\t5\n")


def test_a_sequence_type_that_comes_twice_is_taken_once_or_refused(tmp_path: Path) -> None:
    found, told = profiles(tmp_path, "1\t2\t2\n1\t2\t2\n")
    assert found == [(1, [2, 2])]
    assert told == [f"{tmp_path}/p.txt, line 3: ST 1 was already given in line 2; it is taken once"]
    with pytest.raises(BadInput, match="line 3: ST 1 was already given in line 2, with another profile"):
        profiles(tmp_path, "1\t2\t2\n1\t2\t3\n")


def test_an_id_of_text_without_a_sequence_is_missing(tmp_path: Path) -> None:
    alleles = files(tmp_path, ">gap_1.0\nACC\n", numbered=False)
    found, told = profiles(tmp_path, "1\t1.0\t0\n2\t2.0\t0\n", alleles)
    assert found == [(1, ["1.0", 0]), (2, [0, 0])]
    assert "line 3: there is no sequence of allele '2.0' of gap; it is taken for missing" in told[0]
