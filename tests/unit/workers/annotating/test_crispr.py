"""CRISPR arrays: the same sequence gives the same array, whatever lies beside it, and other repeats give none."""

from __future__ import annotations

from random import Random

import pytest

from workers.annotating.crispr import Array, arrays
from workers.fasta import reverse_complement

#: of Escherichia coli K-12; the first copy is worn, as often at an array's end
REPEAT = "CGGTTTATCCCCGCTGGCGCGGGGAACTC"
WORN = "TGGTTTATACCCACTGACTCGGGGAACTC"
FLANK, SPACERS = 300, 12


def letters(seed: int, count: int) -> str:
    return "".join(Random(seed).choices("ACGT", k=count))


def spacers(count: int = SPACERS) -> list[str]:
    return [letters(1000 + number, 32 + (number == 7)) for number in range(count)]


def array_of(count: int = SPACERS) -> str:
    return WORN + "".join(spacer + REPEAT for spacer in spacers(count))


def read(found: list[Array]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(each.repeat_consensus, each.repeats, each.spacers) for each in found]


def test_an_array_has_its_place_its_repeats_and_its_spacers() -> None:
    (found,) = arrays({"2": letters(1, FLANK) + array_of() + letters(2, FLANK)})
    assert (found.contig, found.start, found.end) == ("2", FLANK + 1, FLANK + len(array_of()))
    assert (found.strand, found.repeat_consensus) == ("+", REPEAT)
    assert found.repeats == (WORN,) + (REPEAT,) * SPACERS
    assert list(found.spacers) == spacers()


@pytest.mark.parametrize("turn", [False, True])
@pytest.mark.parametrize("flank", [0, 1, 20, 20_000])
def test_an_array_reads_the_same_alone_in_a_genome_and_on_the_other_strand(flank: int, turn: bool) -> None:
    sequence = letters(3, flank) + array_of() + letters(4, flank)
    (found,) = arrays({"1": reverse_complement(sequence) if turn else sequence})
    assert read([found]) == [(REPEAT, (WORN,) + (REPEAT,) * SPACERS, tuple(spacers()))]
    assert (found.start, found.end) == (flank + 1, flank + len(array_of()))
    assert found.strand == ("-" if turn else "+")


def test_what_lies_at_a_place_is_what_the_array_says() -> None:
    sequence = reverse_complement(letters(5, 77) + array_of() + letters(6, 99))
    (found,) = arrays({"1": sequence})
    joined = found.repeats[0] + "".join(
        spacer + repeat for spacer, repeat in zip(found.spacers, found.repeats[1:], strict=True)
    )
    assert reverse_complement(sequence[found.start - 1 : found.end]) == joined


def test_a_worn_copy_in_the_middle_does_not_make_two_arrays_of_one() -> None:
    sequence = array_of(20).replace(REPEAT, "\0")
    worn = sequence.replace("\0", REPEAT, 9).replace("\0", WORN, 1).replace("\0", REPEAT)
    (found,) = arrays({"1": letters(7, FLANK) + worn + letters(8, FLANK)})
    assert list(found.spacers) == spacers(20)


def test_two_arrays_of_a_contig_are_two() -> None:
    sequence = array_of(6) + letters(9, 500) + reverse_complement(array_of(4))
    assert [(len(each.spacers), each.strand) for each in arrays({"1": sequence})] == [(6, "+"), (4, "-")]


def test_a_tandem_repeat_is_no_array() -> None:
    assert arrays({"1": letters(10, FLANK) + letters(11, 61) * 8 + letters(12, FLANK)}) == []


def test_repeats_with_two_kinds_of_spacers_by_turns_are_no_array() -> None:
    one, other = letters(13, 30), letters(14, 30)
    assert arrays({"1": letters(15, FLANK) + (REPEAT + one + REPEAT + other) * 3 + REPEAT}) == []


@pytest.mark.parametrize(
    "sequence",
    ["", "A", "N" * 500, "ACGT" * 500, letters(16, 100_000)],
    ids=["nothing", "a letter", "unknown", "four letters", "random letters"],
)
def test_there_is_no_array_in_what_has_none(sequence: str) -> None:
    assert arrays({"1": sequence}) == []


def test_letters_that_are_no_bases_cut_an_array_only_where_they_are() -> None:
    sequence = letters(17, FLANK) + array_of() + "N" * 200 + letters(18, FLANK)
    assert [list(each.spacers) for each in arrays({"1": sequence})] == [spacers()]
