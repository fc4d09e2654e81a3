"""Contigs: reading, filtering, naming, and the statistics by which assemblies are judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.assembling import assembly
from workers.assembling.assemblers import ASSEMBLERS
from workers.assembling.assembly import Contig


def contig(length: int, depth: float = 10.0, letter: str = "A") -> Contig:
    return Contig("c", letter * length, depth)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    contigs = [Contig("a", "ACGTN" * 50, 12.5), Contig("b", "GG", 3.0)]
    assembly.write_contigs(contigs, tmp_path / "a.fasta")
    assert (tmp_path / "a.fasta").read_text().startswith(">a length=250 depth=12.5\n")
    again = assembly.read_contigs(tmp_path / "a.fasta")
    assert [(each.name, each.sequence) for each in again] == [(each.name, each.sequence) for each in contigs]


@pytest.mark.parametrize(
    ("name", "header", "depth"),
    [
        ("spades", "NODE_1_length_30995_cov_24.6145", 24.6145),
        ("megahit", "k87_0 flag=1 multi=21.5000 len=30989", 21.5),
        ("skesa", "Contig_1_48.3", 48.3),
        ("skesa", "Contig_12_7.25_Circ", 7.25),
    ],
)
def test_depth_is_read_from_the_header_of_each_assembler(
    tmp_path: Path, name: str, header: str, depth: float
) -> None:
    (tmp_path / "a.fasta").write_text(f">{header}\nACGT\n")
    assert assembly.read_contigs(tmp_path / "a.fasta", ASSEMBLERS[name].depth)[0].depth == depth


def test_short_contigs_and_thin_ones_are_dropped() -> None:
    thin, solid = contig(1000, 1.9), contig(9000, 10.9)
    assert assembly.keep_solid([contig(299), thin, solid], 300) == [solid]


def test_a_contig_at_exactly_a_fifth_of_the_mean_depth_is_dropped() -> None:
    # the mean of 8 × 12 and 2 × 2 is 10
    assert assembly.keep_solid([contig(800, 12.0), contig(200, 2.0)], 100) == [contig(800, 12.0)]


def test_contigs_without_depth_are_all_kept() -> None:
    assert len(assembly.keep_solid([contig(500, 0.0), contig(400, 0.0)], 300)) == 2


def test_depths_are_scaled_so_that_their_mean_is_that_of_the_reads() -> None:
    scaled = assembly.scale_depths([contig(600, 10), contig(400, 20)], 50_000)
    assert assembly.mean_depth(scaled) == pytest.approx(50)


def test_contigs_are_named_by_length() -> None:
    named = assembly.name_by_length(
        [contig(5), contig(9, letter="T"), contig(9, letter="G")], "SAL_AA0001AA_AS"
    )
    assert [(each.name, each.sequence[0], each.length) for each in named] == [
        ("SAL_AA0001AA_AS_1", "G", 9),
        ("SAL_AA0001AA_AS_2", "T", 9),
        ("SAL_AA0001AA_AS_3", "A", 5),
    ]


def test_statistics_are_those_of_the_textbook() -> None:
    contigs = [contig(80, letter="G"), contig(70), contig(50), contig(40), contig(30, letter="N"), contig(20)]
    found = assembly.statistics(contigs)
    assert (found.bases, found.contigs, found.n50, found.l50, found.largest) == (290, 6, 70, 2, 80)
    assert found.n_share == pytest.approx(30 / 290)
    assert found.gc_share == pytest.approx(80 / 260)
