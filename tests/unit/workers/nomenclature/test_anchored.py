"""New alleles that are compared letter for letter, and those that are left to alignments."""

from __future__ import annotations

import random

import pytest

from workers.nomenclature.anchored import anchored_places
from workers.nomenclature.places import Region
from workers.nomenclature.schemes import Locus

CODONS = [a + b + c for a in "ACGT" for b in "ACGT" for c in "ACGT" if a + b + c not in ("TAA", "TAG", "TGA")]
ALLELE = "ATG" + "".join(random.Random(1).choices(CODONS, k=98)) + "TAA"
FLANK = "".join(random.Random(2).choices("ACGT", k=40))


def region(sequence: str, strand: str = "+") -> Region:
    return Region("g", "contig", strand, 100, FLANK + sequence + FLANK, 40, 40 + len(sequence))


def changed(sequence: str, *at: int) -> str:
    letters = list(sequence)
    for each in at:
        letters[each] = {"A": "C", "C": "A", "G": "C", "T": "C"}[letters[each]]
    return "".join(letters)


def found(sequence: str, *more: str, coding: bool = True, strand: str = "+") -> list[tuple[object, ...]]:
    """(sequence, start, number, identity) of what is settled, by the allele 1 and more ones."""
    locus = Locus("g", len(ALLELE), len(ALLELE) + 30, coding)
    alleles = [("g", number, each) for number, each in enumerate((ALLELE, *more), 1)]
    known = [("other", 1, "ACGT"), *alleles]
    places = anchored_places([region(sequence, strand)], lambda: known, {"g": locus})
    return [(each.sequence, each.start, each.number, round(each.identity, 4)) for each in places.values()]


@pytest.mark.parametrize("strand", ["+", "-"])
def test_a_substitution_between_the_ends_is_settled_with_its_position(strand: str) -> None:
    new = changed(ALLELE, 150)
    assert found(new, strand=strand) == [(new, 140, None, round(1 - 1 / len(ALLELE), 4))]


def test_the_nearest_allele_counts() -> None:
    new = changed(ALLELE, 60, 150)
    assert found(new, changed(ALLELE, 60)) == [(new, 140, None, round(1 - 1 / len(ALLELE), 4))]


@pytest.mark.parametrize(
    "sequence",
    [
        changed(ALLELE, 5),
        changed(ALLELE, -5),
        ALLELE[:60] + ALLELE[63:],
        ALLELE[:60] + "N" + ALLELE[61:],
        ALLELE[:60] + "TAA" + ALLELE[63:],
        changed(ALLELE, *range(30, 270, 6)),
    ],
    ids=["start", "end", "deletion", "unknown base", "stop codon", "not alike"],
)
def test_what_is_not_certain_is_left_to_alignments(sequence: str) -> None:
    assert found(sequence) == []


def test_a_stop_codon_is_no_matter_where_alleles_are_parts_of_genes() -> None:
    broken = ALLELE[:60] + "TAA" + ALLELE[63:]
    assert [each[0] for each in found(broken, coding=False)] == [broken]


def test_an_allele_of_unusual_length_settles_nothing() -> None:
    shorter = ALLELE[:150] + ALLELE[210:]
    assert found(changed(shorter, 90), shorter) == []


def test_the_nearest_allele_counts_though_it_differs_at_an_end() -> None:
    new = changed(ALLELE, -5)
    far = changed(ALLELE, -5, 60, 90, 150)
    assert found(new, far) == [(new, 140, None, round(1 - 1 / len(ALLELE), 4))]
