"""How qualities are written is told by their letters, and what is not certain is taken as usual and explained."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from crobot_errors import UnusableReads
from workers.short_reads.quality_letters import quality_letters
from workers.short_reads.read_check import count_pairs
from workers.short_reads.reads import PHRED33, PHRED64, ReadPair


def pair_of(
    tmp_path: Path, letters1: str, letters2: str, count: int = 200, offset: int = PHRED33
) -> ReadPair:
    chance = random.Random(1)
    pair = ReadPair(tmp_path / "r_1.fastq.gz", tmp_path / "r_2.fastq.gz", offset=offset)
    for path, letters in ((pair.read1, letters1), (pair.read2, letters2)):
        reads = (f"@r{n}\n{'A' * 100}\n+\n{''.join(chance.choices(letters, k=100))}\n" for n in range(count))
        path.write_bytes(gzip.compress("".join(reads).encode(), 1))
    return pair


@pytest.mark.parametrize(
    ("letters1", "letters2"),
    [("Bhh", "BBBXbg"), ("@Ahi", "hfe"), (";Tcj", "hB"), ("BBBh", "h")],
    ids=["poor ends", "from quality 0", "the oldest, from -5", "mostly poor"],
)
def test_phred64_is_told_by_high_letters_without_low_ones(
    tmp_path: Path, letters1: str, letters2: str
) -> None:
    found = quality_letters(pair_of(tmp_path, letters1, letters2))
    assert found.offset == PHRED64
    assert "Phred+64" in found.told
    assert "converted" in found.told


@pytest.mark.parametrize("letters", ["#,:F", "2", "!~", "#hhhhhh"])
def test_one_low_letter_is_proof_of_phred33(tmp_path: Path, letters: str) -> None:
    found = quality_letters(pair_of(tmp_path, letters, "hhhh"))
    assert (found.offset, found.told) == (PHRED33, "Phred+33")


@pytest.mark.parametrize(
    ("letters1", "letters2", "count"),
    [("?", "?", 200), ("CFI", "I", 200), ("IIIIIIK", "I", 200), ("~", "~", 200), ("h~", "h~", 200), ("Bh", "h", 20)],
    ids=["archive's constant", "high", "few above J", "one letter", "beyond Phred+64", "few reads"],
)  # fmt: skip
def test_what_is_not_certain_is_taken_for_phred33_and_explained(
    tmp_path: Path, letters1: str, letters2: str, count: int
) -> None:
    found = quality_letters(pair_of(tmp_path, letters1, letters2, count))
    assert found.offset == PHRED33
    assert "could be Phred+64" in found.told


def test_a_damaged_file_is_left_to_the_read_check(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, "#I", "#I")
    pair.read1.write_bytes(pair.read1.read_bytes()[:-60])
    assert quality_letters(pair).offset == PHRED33
    with pytest.raises(UnusableReads, match="truncated or damaged"):
        count_pairs(pair)


def test_a_file_that_goes_on_in_another_encoding_is_refused_with_the_read(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, "Bh", "Bh", offset=PHRED64)
    assert count_pairs(pair) == 200
    with gzip.open(pair.read2, "ab") as file:
        file.write(b"@r200\nAC\n+\n#I\n")
    with gzip.open(pair.read1, "ab") as file:
        file.write(b"@r200\nAC\n+\nhh\n")
    with pytest.raises(UnusableReads, match=r"r_2.* read 201 has the quality '#', which Phred\+64 cannot"):
        count_pairs(pair)


def test_a_quality_that_is_no_letter_is_refused(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, "I", "I", count=3)
    pair.read1.write_bytes(b"@r0\nAC\n+\nI\x07\n" * 3)
    with pytest.raises(UnusableReads, match=r"read 1 has the quality '\\x07'"):
        count_pairs(pair)
