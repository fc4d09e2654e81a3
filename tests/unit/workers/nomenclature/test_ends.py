"""Ends that a local alignment leaves off: of the allele, cut off by the contig's end, or of something else."""

from __future__ import annotations

from random import Random

import pytest

from workers.nomenclature.circular import once, read_around
from workers.nomenclature.ends import End, end_of
from workers.nomenclature.places import SLACK, Place

ALLELE_LENGTH = 400
BASES = "".join(Random(3).choices("ACGT", k=200))
END, BEHIND = BASES[:40], BASES[100:]
OTHER = END.translate(str.maketrans("ACGT", "CGTA"))


def mixed(kept: int) -> str:
    """The end, of which of each ten letters so many are kept."""
    return "".join(
        one if at % 10 < kept else other for at, (one, other) in enumerate(zip(END, OTHER, strict=True))
    )


@pytest.mark.parametrize(
    ("beside", "end"),
    [
        (END + BEHIND, End(40, 40, 40, reached=True)),
        (mixed(7) + BEHIND, End(40, 28, 40, reached=True)),
        # up to a tenth of the allele may be quite unlike
        (OTHER + BEHIND, None),
        (END[:10] + END[25:] + BEHIND, End(25, 25, 40, reached=True)),
        (END[:10] + "ACGTTGCA" + END[10:] + BEHIND, End(48, 40, 48, reached=True)),
        # the contig ends first
        (END[:39], End(0, 0, 0, reached=False)),
        ("", End(0, 0, 0, reached=False)),
    ],
    ids=["same", "substituted", "unlike", "deletion", "insertion", "cut", "nothing"],
)
def test_an_end_is_found_where_it_ends(beside: str, end: End | None) -> None:
    found = end_of(END, beside, ALLELE_LENGTH)
    assert found.reached == (len(beside) >= len(END))
    assert end is None or found == end


def test_a_long_end_that_is_something_else_is_not_reached() -> None:
    assert end_of(END, mixed(7) + BEHIND, 100).reached
    assert not end_of(END, OTHER + BEHIND, 100).reached


def test_a_short_end_is_compared_letter_by_letter() -> None:
    assert end_of("ACGT", "ACCTGG", ALLELE_LENGTH) == End(4, 3, 4, reached=True)


def place(start: int, end: int) -> Place:
    return Place("ring", start, end, "+", "ACGT", None, 1.0, 1.0, whole=True, broken=False)


def test_a_circle_is_read_around_as_far_as_its_longest_locus() -> None:
    contigs = {"ring": BASES, "line": BASES}
    around = read_around(contigs, {"ring"}, 40)
    assert around == {"ring": BASES + BASES[: 40 + 2 * SLACK], "line": BASES}


def test_what_was_read_a_second_time_counts_once() -> None:
    across, again = place(190, 230), place(205, 220)
    assert once([across, again], {"ring": BASES}) == [across]
