"""Allele calling by rule, on sequences that are small enough to see what happens."""

from __future__ import annotations

import random

import pytest

from workers.fasta import reverse_complement
from workers.nomenclature import nearest
from workers.nomenclature.alleles import Call, Status, call, results
from workers.nomenclature.gff import gff_lines
from workers.nomenclature.nearest import candidates, nearest_place
from workers.nomenclature.places import Hit, Place, exact_places, parse_hits, regions
from workers.nomenclature.schemes import Locus

LETTERS = random.Random(7).choices("ACGT", k=900)
ALLELE = "".join(LETTERS[300:600])
LEFT, RIGHT = "".join(LETTERS[:300]), "".join(LETTERS[600:])
LOCUS = Locus("aroC", typical_length=300, longest=310, coding=False)


def place(sequence: str = ALLELE, **changed: object) -> Place:
    values: dict[str, object] = {
        "contig": "c1", "start": 300, "end": 300 + len(sequence), "strand": "+", "sequence": sequence,
        "number": None, "identity": 1.0, "coverage": 1.0, "whole": True, "broken": False,
    }  # fmt: skip
    return Place(**(values | changed))  # type: ignore[arg-type]


def hit(start: int, end: int, *, allele: tuple[int, int] = (0, 300), **changed: object) -> Hit:
    """An alignment without gaps and mismatches unless told otherwise."""
    columns = allele[1] - allele[0]
    values: dict[str, object] = {
        "locus": "aroC", "number": 1, "allele_length": 300, "allele_start": allele[0], "allele_end": allele[1],
        "subject": "c1", "start": start, "end": end, "strand": "+",
        "matches": columns, "mismatches": 0, "columns": columns,
    }  # fmt: skip
    return Hit(**(values | changed))  # type: ignore[arg-type]


def found_in(contig: str, *hits: Hit, alleles: list[tuple[str, int, str]]) -> list[Place]:
    places = regions(hits, {"c1": contig}, {"aroC": LOCUS})
    return list(exact_places(places, alleles).values())


def nearest_in(contig: str, locus: Locus = LOCUS, trimmed: int = 0, **of_hit: object) -> Place:
    """What is made of a contig whose only region is searched again with the allele, without its end."""
    (region,) = regions([hit(300, 600)], {"c1": contig}, {"aroC": locus})["aroC"]
    begin, end = 300 - region.start, 600 - region.start - trimmed
    aligned = hit(begin, end, allele=(0, 300 - trimmed))
    changed = Hit(**(aligned.__dict__ | of_hit))
    return nearest_place(region, [changed], {1: ALLELE}, locus)


def test_blast_lines_are_read_with_positions_from_0_and_the_strand() -> None:
    lines = ["STMMW_0001_12\t1\t300\t1\t300\t900\t601\t299\t1\t300\n"]
    (found,) = parse_hits(lines, ["first", "second"])
    assert (found.locus, found.number, found.subject) == ("STMMW_0001", 12, "second")
    assert (found.start, found.end, found.strand) == (600, 900, "-")


@pytest.mark.parametrize("strand", ["+", "-"])
def test_an_exact_allele_is_found_on_either_strand(strand: str) -> None:
    contig = LEFT + ALLELE + RIGHT
    contig = contig if strand == "+" else reverse_complement(contig)
    (found,) = found_in(contig, hit(300, 600, strand=strand), alleles=[("aroC", 5, ALLELE)])
    assert (found.number, found.start, found.end, found.strand) == (5, 300, 600, strand)
    assert found.sequence == ALLELE


def test_of_alleles_within_each_other_the_longest_is_chosen() -> None:
    longer = ALLELE + RIGHT[:10]
    alleles = [("aroC", 1, ALLELE[:-1]), ("aroC", 2, longer), ("aroC", 3, ALLELE)]
    (found,) = found_in(LEFT + ALLELE + RIGHT, hit(300, 599), alleles=alleles)
    assert (found.number, found.length) == (2, 310)


def test_an_allele_is_found_where_blast_left_off_both_ends() -> None:
    trimmed = hit(320, 580, allele=(20, 280))
    (found,) = found_in(LEFT + ALLELE + RIGHT, trimmed, alleles=[("aroC", 5, ALLELE)])
    assert (found.start, found.end) == (300, 600)


def test_an_allele_of_another_locus_is_not_taken() -> None:
    assert not found_in(LEFT + ALLELE + RIGHT, hit(300, 600), alleles=[("dnaN", 5, ALLELE)])


def test_two_copies_side_by_side_are_two_places() -> None:
    contig = LEFT + ALLELE + ALLELE + RIGHT
    found = found_in(contig, hit(300, 600), hit(600, 900), alleles=[("aroC", 5, ALLELE)])
    assert sorted(each.start for each in found) == [300, 600]


def test_a_substitution_makes_a_new_allele() -> None:
    changed = ALLELE[:100] + reverse_complement(ALLELE[100]) + ALLELE[101:]
    found = nearest_in(LEFT + changed + RIGHT, matches=299, mismatches=1)
    assert (found.whole, found.number, found.sequence) == (True, None, changed)
    assert found.identity == pytest.approx(299 / 300)


def test_short_ends_that_blast_left_off_belong_to_the_new_allele() -> None:
    changed = ALLELE[:-2] + reverse_complement(ALLELE[-2]) + ALLELE[-1]
    found = nearest_in(LEFT + changed + RIGHT, trimmed=2)
    assert (found.whole, found.sequence) == (True, changed)


def test_a_long_end_that_does_not_align_is_a_fragment() -> None:
    found = nearest_in(LEFT + ALLELE[:250] + RIGHT[::-1], trimmed=50)
    assert (found.whole, found.broken) == (False, True)
    assert found.coverage == pytest.approx(250 / 300)


@pytest.mark.parametrize("code", ["N", "R"])
def test_an_ambiguous_base_is_a_fragment_not_a_new_allele(code: str) -> None:
    changed = ALLELE[:100] + code + ALLELE[101:]
    found = nearest_in(LEFT + changed + RIGHT, matches=299, mismatches=1)
    assert (found.whole, found.broken) == (False, True)


def test_many_unknown_bases_do_not_make_it_another_gene() -> None:
    changed = ALLELE[:100] + "N" * 80 + ALLELE[180:]
    found = nearest_in(LEFT + changed + RIGHT, matches=220, mismatches=80)
    assert found.broken


def test_a_gene_that_is_only_similar_is_neither_new_nor_a_fragment() -> None:
    found = nearest_in(LEFT + ALLELE + RIGHT, matches=255, mismatches=45)
    assert (found.whole, found.broken) == (False, False)
    assert call(LOCUS, [found]).allele == 0


def test_a_locus_of_coding_sequences_takes_no_new_allele_with_a_stop_within() -> None:
    coding = Locus("aroC", 300, 300, coding=True)
    assert nearest_in(LEFT + ALLELE + RIGHT, locus=coding, matches=299, mismatches=1).broken


@pytest.mark.parametrize(
    ("places", "status", "allele"),
    [
        ([], Status.MISSING, 0),
        ([place(number=4)], Status.EXACT, 4),
        ([place()], Status.NEW, None),
        ([place(whole=False, broken=True, coverage=0.5)], Status.FRAGMENTED, -1),
        ([place(whole=False)], Status.MISSING, 0),
        ([place(number=4), place(number=4, contig="c2")], Status.EXACT, 4),
        ([place(), place(contig="c2")], Status.NEW, None),
        ([place(number=4), place(ALLELE[1:], contig="c2", number=5)], Status.DUPLICATED, -2),
        ([place(number=4), place(ALLELE[1:], contig="c2")], Status.DUPLICATED, -2),
        ([place(number=4), place(contig="c2", whole=False, broken=True)], Status.EXACT, 4),
        ([place(number=4), place(ALLELE[1:], start=301)], Status.EXACT, 4),
    ],
)
def test_the_truth_table_of_calls(places: list[Place], status: Status, allele: int | None) -> None:
    found = call(LOCUS, places)
    assert (found.status, found.allele) == (status, allele)


def test_only_new_alleles_carry_their_sequence_and_positions_count_from_1() -> None:
    new, known = call(LOCUS, [place()]).as_dict(), call(LOCUS, [place(number=4)]).as_dict()
    assert (new["sequence"], new["start"], new["end"], new["length"]) == (ALLELE, 301, 600, 300)
    assert known["sequence"] is None


def test_results_are_complete_if_every_locus_has_an_allele_known_or_new() -> None:
    complete = [call(LOCUS, [place()]), call(Locus("dnaN", 300, 300, False), [place(number=2)])]
    assert results("mlst", "3", complete)["complete"]
    assert results("mlst", "3", complete)["alleles"] == {"aroC": None, "dnaN": 2}
    assert not results("mlst", "3", [*complete, Call("hemD", Status.MISSING)])["complete"]


def test_the_gff_has_a_line_for_each_place_and_escapes_names() -> None:
    new = call(LOCUS, [place(contig="odd name;1")])
    twice = call(Locus("dnaN", 300, 300, False), [place(number=1), place(ALLELE[1:], contig="c2", number=2)])
    lines = list(
        gff_lines([new, twice, Call("hemD", Status.MISSING)], {"odd name;1": 900, "c1": 9, "c2": 9}, "S")
    )
    assert lines[0] == "##gff-version 3"
    features = [line.split("\t") for line in lines if not line.startswith("#")]
    assert [feature[0] for feature in features] == ["odd%20name%3B1", "c1", "c2"]
    assert features[0][3:5] == ["301", "600"]
    assert "allele=new;status=new;sha256=" in features[0][8]
    assert [feature[8].split(";")[0] for feature in features[1:]] == ["ID=S_dnaN", "ID=S_dnaN.2"]


def test_the_alleles_most_like_a_place_are_chosen_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MOST_CANDIDATES", 2)
    (region,) = regions([hit(300, 600)], {"c1": LEFT + ALLELE + RIGHT}, {"aroC": LOCUS})["aroC"]
    near, far = ALLELE[:150] + "A" + ALLELE[151:], ALLELE[:100] + ALLELE[100:][::-1]
    alleles = [("aroC", 1, far), ("aroC", 2, near), ("dnaN", 3, ALLELE), ("aroC", 4, ALLELE[1:])]
    assert candidates([region], alleles) == {region: {2: near, 4: ALLELE[1:]}}
