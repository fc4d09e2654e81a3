"""What is said of a sequence in many assemblies: states, the order in pictures, the form of pictures, circles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workers.nomenclature.locus_search import Found, once
from workers.nomenclature.patterns import ordered
from workers.nomenclature.presence import State, state_of
from workers.nomenclature.presence_picture import LEAST_POINTS, layout

WHOLE = Found("q", 900, 1, 900, "c", 101, 1000, "+", 1.0, 1.0, 900, 0.0, 1662.0, "whole")


@pytest.mark.parametrize(
    ("hit", "state"),
    [
        (None, State.ABSENT),
        (WHOLE, State.IDENTICAL),
        (replace(WHOLE, identity=0.9999), State.WHOLE),
        (replace(WHOLE, coverage=0.99), State.WHOLE),
        (replace(WHOLE, coverage=0.9899), State.PART),
    ],
)
def test_the_best_hit_says_how_a_sequence_is_there(hit: Found | None, state: State) -> None:
    assert state_of(hit) is state


def test_assemblies_with_the_same_pattern_stand_together_and_those_not_searched_last() -> None:
    rows = [("s10", "-i"), ("s9", "-p"), ("s1", "??"), ("s2", "--"), ("s3", "iw"), ("s4", "i-")]
    assert [name for name, _ in ordered(rows)] == ["s3", "s9", "s10", "s4", "s2", "s1"]


def test_no_assembly_at_all_has_an_order() -> None:
    assert ordered([]) == []


@pytest.mark.parametrize("assemblies", [1, 3, 200, 1000, 5000])
@pytest.mark.parametrize("sequences", [1, 30, 500])
def test_pictures_have_readable_names_and_every_line_in_a_panel(assemblies: int, sequences: int) -> None:
    names, queries = [f"strain {at}" for at in range(assemblies)], [f"gene {at}" for at in range(sequences)]
    found = layout(names, queries)
    assert found.panels * found.lines >= assemblies
    assert found.line_points >= LEAST_POINTS
    assert found.column_points >= LEAST_POINTS
    width, height = found.size(sequences)
    # matplotlib draws no more than 65,536 dots, of which a picture on a screen has 72 an inch
    assert max(width, height) * 72 < 65_536


def test_two_hundred_assemblies_with_one_sequence_fit_a_page() -> None:
    width, height = layout([f"strain {at}" for at in range(200)], ["mecA"]).size(1)
    assert 0.7 < width / height < 2.5
    assert width < 15


def test_what_lies_across_the_opening_of_a_circle_counts_once() -> None:
    across = replace(WHOLE, start=1801, end=2700)
    tail, second = replace(WHOLE, start=1, end=700), replace(WHOLE, start=2101, end=2700)
    elsewhere, reverse = replace(WHOLE, start=900, end=1700), replace(tail, strand="-")
    found = [across, tail, second, elsewhere, reverse]
    assert list(once(found, {"c": 2000})) == [across, elsewhere, reverse]
    assert list(once(found, {})) == found
