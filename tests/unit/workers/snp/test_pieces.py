"""Alignments cut at long gaps and around what is unlike; how much of the reference is used, and warnings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.workers.snp.test_snp import GENOME, paf, verdict
from workers.snp.calls import Verdict, call
from workers.snp.limits import Limits
from workers.snp.paf import places
from workers.snp.pieces import pieces
from workers.snp.shares import Share, warnings, write_shares

LIMITS = Limits()
ISLAND = "g" * 40_000


def test_an_island_inside_an_alignment_hides_nothing_of_what_lies_beside_it() -> None:
    calls = call([paf(f":900*ag:99+{ISLAND}:100*ac:899", 0, 2_000)], GENOME)
    assert [snp.position for snp in calls.snps if snp.verdict is Verdict.CALLED] == [900, 1_100]
    # the 60 bases on both sides are the ends of pieces
    assert [verdict(calls, at) for at in (939, 940, 1_059, 1_060)] == [
        Verdict.CALLED, Verdict.ALIGNMENT_END, Verdict.ALIGNMENT_END, Verdict.CALLED,
    ]  # fmt: skip


def test_an_island_near_the_end_of_the_references_contig_is_an_end_all_the_same() -> None:
    calls = call([paf(f":40+{ISLAND}:1960", 0, 2_000)], GENOME)
    assert [verdict(calls, at) for at in (39, 99, 100)] == [
        Verdict.SHORT_ALIGNMENT, Verdict.ALIGNMENT_END, Verdict.CALLED,
    ]  # fmt: skip


def test_a_long_deletion_is_no_claim_on_what_another_contig_has_there() -> None:
    gap = paf(f":600-{'a' * 800}:600", 0, 2_000)
    calls = call([gap, paf(":300*ag:499", 600, 1_400)], GENOME)
    assert [snp.position for snp in calls.snps if snp.verdict is Verdict.CALLED] == [900]
    assert verdict(call([gap], GENOME), 900) is Verdict.DELETED


@pytest.mark.parametrize("strand", ["+", "-"])
def test_what_is_too_different_is_left_out_alone(strand: str) -> None:
    # every seventh base of 400 differs
    calls = call([paf(":800" + ":6*ag" * 57 + ":801", 0, 2_000, strand)], GENOME)
    assert not [snp for snp in calls.snps if snp.verdict is Verdict.CALLED]
    assert {snp.verdict for snp in calls.snps} == {Verdict.DIVERGED}
    assert verdict(calls, 1_000) is Verdict.DIVERGED
    assert [verdict(calls, at) for at in (500, 1_500)] == [Verdict.CALLED] * 2
    assert calls.left_out["diverged"] == pytest.approx(400, abs=150)


def test_a_piece_that_is_short_is_not_believed() -> None:
    calls = call([paf(f":900+{ISLAND}:50*ag:49+{ISLAND}:1000", 0, 2_000)], GENOME)
    assert [snp.verdict for snp in calls.snps] == [Verdict.SHORT_ALIGNMENT]


def test_gaps_count_once_and_unknown_bases_not_at_all() -> None:
    calls = call([paf(":300" + f"+{'c' * 40}:99" * 5 + "*an" * 100 + ":1105", 0, 2_000)], GENOME)
    assert verdict(calls, 350) is Verdict.CALLED
    assert verdict(calls, 850) is Verdict.AMBIGUOUS_BASE
    assert Verdict.DIVERGED not in calls.verdicts


@pytest.mark.parametrize("strand", ["+", "-"])
def test_a_piece_knows_where_on_the_contig_it_lies(strand: str) -> None:
    whole = paf(f":500*ag:299+{'g' * 100}:200-{'c' * 100}:400*ct:499", 0, 2_000, strand)
    everywhere = places(whole)
    for piece in pieces(whole, LIMITS):
        part = piece.alignment
        begin = part.contig_start - whole.contig_start
        here = everywhere[begin : begin + part.contig_end - part.contig_start]
        assert places(part).tolist() == here.tolist()
        assert [
            one for one in whole.substitutions if part.start <= one.start < part.end
        ] == part.substitutions
    assert [(one.alignment.start, one.alignment.end) for one in pieces(whole, LIMITS)] == [
        (0, 800), (800, 1_000), (1_100, 2_000),
    ]  # fmt: skip


def share(used: int, snps: int = 100, **dropped: int) -> Share:
    return Share(1_000, used, {"missing": 1_000 - used}, snps, dropped)


def test_a_distance_that_must_be_too_small_is_said() -> None:
    assert warnings({"a": share(900, crowded=5), "b": share(990, 0)}) == []
    crowded, little = warnings({"a": share(790), "b": share(900, crowded=10, diverged=15)})
    assert crowded.startswith("distances of b are too small: up to 20 % of their SNPs")
    assert little.startswith("a decide little of the reference (as little as 79 %)")


def test_shares_are_written_as_a_table(tmp_path: Path) -> None:
    path = write_shares(tmp_path / "shares.tsv", {"B1": share(900, crowded=5)}, {"B1": "strain_1"})
    header, line = (text.split("\t") for text in path.read_text().splitlines())
    row = dict(zip(header, line, strict=True))
    assert (row["name"], row["barcode"], row["used"], row["missing"]) == ("strain_1", "B1", "900", "100")
    assert (row["used_share"], row["snps"], row["snps_crowded"]) == ("0.90000", "100", "5")
