"""Qualities of bases, pure: what consensus and depth say of an assembly, and the file that keeps it."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from crobot_errors import BadInput
from workers.assembling.assembly import Contig
from workers.assembling.base_quality import (
    DEEP_QUALITY,
    TOP,
    judge,
    read_bedgraph,
    read_consensus,
    read_depths,
    write_bedgraph,
)
from workers.short_reads.reads import ReadPair
from workers.short_reads.remap import thinned

CONTIGS = [Contig("a", "ACGTACGTAC"), Contig("b", "TTTT")]


def consensus(bases: str, scores: str = "~" * 10) -> dict[str, tuple[str, np.ndarray]]:
    return read_consensus(["@a\n", f"{bases}\n", "+\n", f"{scores}\n"])


def depths(*values: int) -> dict[str, np.ndarray]:
    return read_depths(f"a\t{at}\t{depth}\n" for at, depth in enumerate(values, 1))


def test_a_base_is_as_sure_as_its_reads_and_worth_nothing_where_they_say_another() -> None:
    found = judge(CONTIGS[:1], consensus("ACTTANGTA*", "~~~~~~~~5~"), depths(*[30] * 10))
    assert found.qualities["a"].tolist() == [TOP, TOP, 0, TOP, TOP, 0, TOP, TOP, ord("5") - 33, 0]
    # the reads agree on T instead of G, and on one base less at the end; they do not agree at all on the N
    assert found.contradicted == 2
    assert found.low_share == 0.4
    assert found.mean_depth == 30


def test_where_twice_the_reads_lie_a_base_is_less_sure() -> None:
    found = judge(CONTIGS[:1], consensus("ACGTACGTAC"), depths(*[30] * 8, 44, 60))
    assert found.qualities["a"].tolist() == [TOP] * 9 + [DEEP_QUALITY]


def test_a_contig_without_reads_is_worth_nothing() -> None:
    found = judge(CONTIGS, consensus("ACGTACGTAC"), depths(*[30] * 10))
    assert found.qualities["b"].tolist() == [0] * 4


def test_qualities_come_back_from_their_file(tmp_path: Path) -> None:
    qualities = {"a": np.array([60, 60, 3, 60, 60]), "b": np.array([25, 25])}
    path = write_bedgraph(tmp_path / "q.bedgraph.gz", qualities)
    assert gzip.decompress(path.read_bytes()) == b"a\t0\t2\t60\na\t2\t3\t3\na\t3\t5\t60\nb\t0\t2\t25\n"
    found = read_bedgraph(path, {"a": 5, "b": 2})
    assert {name: values.tolist() for name, values in found.items()} == {
        name: values.tolist() for name, values in qualities.items()
    }


@pytest.mark.parametrize(
    ("lengths", "text", "message"),
    [
        ({"a": 4}, "a\t0\t5\t60\n", "line 1: the assembly has no a:0-5"),
        ({"b": 5}, "a\t0\t5\t60\n", "the assembly has no a:0-5"),
        ({"a": 6}, "a\t0\t5\t60\n", "every base of a: is it of another assembly"),
        ({"a": 5}, "a\t0\t5\n", "line 1: not bedGraph"),
        ({"a": 5}, "", "does not say the quality of every base"),
    ],
)
def test_qualities_of_another_assembly_are_refused(
    tmp_path: Path, lengths: dict[str, int], text: str, message: str
) -> None:
    path = tmp_path / "q.bedgraph"
    path.write_text(text)
    with pytest.raises(BadInput, match=message):
        read_bedgraph(path, lengths)


def test_reads_are_thinned_evenly_and_mates_stay_together(tmp_path: Path) -> None:
    pair = ReadPair(tmp_path / "1.fastq", tmp_path / "2.fastq")
    for mate, path in enumerate((pair.read1, pair.read2), 1):
        path.write_text("".join(f"@r{number}/{mate}\nACGT\n+\nIIII\n" for number in range(10)))
    assert thinned([pair], 1.0, tmp_path) == pair
    found = thinned([pair, pair], 0.3, tmp_path)
    names = [line[1:-2] for line in found.read1.read_text().split("\n")[::4] if line]
    assert names == ["r3", "r6", "r9"] * 2
    assert [line[1:-2] for line in found.read2.read_text().split("\n")[::4] if line] == names
