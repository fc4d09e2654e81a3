"""The full check of read pairs: every fault is found, and the message says where."""

from __future__ import annotations

import gzip
from pathlib import Path
from threading import Event

import pytest

from crobot_errors import UnusableReads
from workers.short_reads.read_check import BATCH, Stopped, checking, count_pairs
from workers.short_reads.reads import ReadPair

#: beyond the first batch, so that numbers are counted on
COUNT = BATCH + 100


def records(name: str = "run.{n}", count: int = COUNT) -> list[str]:
    return [f"@{name.format(n=n)}\nACGT\n+\nIIII\n" for n in range(1, count + 1)]


def pair_of(tmp_path: Path, records1: list[str], records2: list[str]) -> ReadPair:
    pair = ReadPair(tmp_path / "r_1.fastq.gz", tmp_path / "r_2.fastq.gz")
    for path, content in ((pair.read1, records1), (pair.read2, records2)):
        path.write_bytes(gzip.compress("".join(content).encode(), 1))
    return pair


@pytest.mark.parametrize(
    ("name1", "name2"),
    [
        ("r{n}", "r{n}"),
        ("r{n}/1", "r{n}/2"),
        ("r{n} 1:N:0:A", "r{n} 2:N:0:A"),
        ("r{n}.1", "r{n}.2"),
        ("r{n} x", "r{n} y"),
    ],
)
def test_pairs_are_counted_whatever_the_style_of_names(tmp_path: Path, name1: str, name2: str) -> None:
    assert count_pairs(pair_of(tmp_path, records(name1), records(name2))) == COUNT


def test_a_file_without_a_line_break_at_its_end_is_complete(tmp_path: Path) -> None:
    content = records(count=5)
    content[-1] = content[-1].rstrip()
    assert count_pairs(pair_of(tmp_path, content, content)) == 5


@pytest.mark.parametrize("blank", [1, 2, 3, 4, 5, 4 * BATCH + 1])
@pytest.mark.parametrize("count", [5, BATCH])
def test_blank_lines_at_the_end_are_passed_over(tmp_path: Path, blank: int, count: int) -> None:
    content = records(count=count)
    assert count_pairs(pair_of(tmp_path, [*content, "\r\n" * blank], content)) == count


def test_a_file_that_is_cut_within_its_blank_end_is_found(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, records(count=BATCH), [*records(count=BATCH), "\n" * 9 * BATCH])
    pair.read2.write_bytes(pair.read2.read_bytes()[:-9])
    with pytest.raises(UnusableReads, match=r"r_2.fastq.gz is truncated or damaged"):
        count_pairs(pair)


def test_an_empty_read_at_the_end_is_a_read(tmp_path: Path) -> None:
    content = [*records(count=2), "@run.3\n\n+\n\n"]
    assert count_pairs(pair_of(tmp_path, content, [*content, "\n\n"])) == 3


def test_blank_lines_between_reads_are_refused_with_the_read(tmp_path: Path) -> None:
    content = records(count=BATCH + 2)
    odd = [*content[:BATCH], "\n" * 4, *content[BATCH:]]
    with pytest.raises(UnusableReads, match=f"is not FASTQ at read {BATCH + 1}: ''"):
        count_pairs(pair_of(tmp_path, odd, odd))


def test_a_truncated_gzip_file_is_found(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, records(), records())
    pair.read2.write_bytes(pair.read2.read_bytes()[:-500])
    with pytest.raises(UnusableReads, match=r"r_2.fastq.gz is truncated or damaged"):
        count_pairs(pair)


def test_a_damaged_gzip_file_is_found(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, records(), records())
    content = bytearray(pair.read1.read_bytes())
    content[-6] ^= 255
    pair.read1.write_bytes(content)
    with pytest.raises(UnusableReads, match=r"r_1.fastq.gz is truncated or damaged"):
        count_pairs(pair)


def test_unequal_numbers_of_reads_are_found(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, records(), records()[:-7])
    with pytest.raises(UnusableReads, match=f"r_2.fastq.gz ends after {COUNT - 7}"):
        count_pairs(pair)


def test_unequal_numbers_are_found_at_the_end_of_a_batch_too(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, records()[:BATCH], records())
    with pytest.raises(UnusableReads, match=f"r_1.fastq.gz ends after {BATCH}"):
        count_pairs(pair)


def test_reads_out_of_step_are_found_where_they_begin(tmp_path: Path) -> None:
    without_200, without_4000 = records(), records()
    del without_200[199], without_4000[3999]
    with pytest.raises(UnusableReads, match="out of step at read 200"):
        count_pairs(pair_of(tmp_path, without_200, without_4000))


@pytest.mark.parametrize("broken", ["@x\nACGT\n+\nIII\n", "x\nACGT\n+\nIIII\n", "@x\nACGT\n-\nIIII\n"])
def test_a_record_that_is_no_fastq_is_found(tmp_path: Path, broken: str) -> None:
    content = records()
    content[BATCH + 9] = broken
    with pytest.raises(UnusableReads, match=f"not FASTQ at read {BATCH + 10}"):
        count_pairs(pair_of(tmp_path, content, records()))


def test_a_plain_file_cut_within_a_record_is_found(tmp_path: Path) -> None:
    pair = pair_of(tmp_path, records(), records())
    pair.read1.write_text("".join(records())[:-8])
    with pytest.raises(UnusableReads, match=f"read {COUNT} is incomplete"):
        count_pairs(pair)


def test_the_check_stops_when_nobody_waits_for_it(tmp_path: Path) -> None:
    stop = Event()
    stop.set()
    with pytest.raises(Stopped):
        count_pairs(pair_of(tmp_path, records(), records()), stop)


def test_the_check_runs_beside_its_caller(tmp_path: Path) -> None:
    with checking([pair_of(tmp_path, records(), records())]) as check:
        assert check.result() == [COUNT]
