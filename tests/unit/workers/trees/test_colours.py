"""Colours of a tree's nodes: who gets one, what the legend says, and that pies are seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from workers.trees.allele_tree import AlleleTree, Edge, Node, place
from workers.trees.colours import OTHERS, PALETTE, UNKNOWN, legend
from workers.trees.tree_picture import draw


def test_each_value_has_a_colour_and_numbers_are_in_their_order() -> None:
    found = legend("ST", ["10", "9", "9", "", "ST2a"])
    assert found.entries == [
        ("9 (2)", PALETTE[0]), ("10 (1)", PALETTE[1]), ("ST2a (1)", PALETTE[2]), ("not known (1)", UNKNOWN),
    ]  # fmt: skip


def test_of_many_values_the_most_frequent_have_colours_and_the_rest_one_together() -> None:
    values = [str(at) for at in range(20) for _ in range(at + 1)]
    found = legend("ST", values)
    assert len(found.colours) == len(PALETTE) - 1
    assert set(found.colours) == {str(at) for at in range(9, 20)}
    assert found.entries[-1] == ("9 others (45)", OTHERS)
    assert found.colour("3") == OTHERS
    # one more than that has a colour of its own
    assert len(legend("ST", map(str, range(len(PALETTE)))).colours) == len(PALETTE)


def test_a_node_of_several_values_is_a_pie() -> None:
    found = legend("ST", ["1", "2"])
    assert found.slices(["2", "1", "1", ""]) == [(PALETTE[0], 0.5), (PALETTE[1], 0.25), (UNKNOWN, 0.25)]
    assert found.slices(["2", "2"]) == [(PALETTE[1], 1.0)]


def test_a_picture_has_the_colours_the_types_and_a_legend(tmp_path: Path) -> None:
    tree = AlleleTree([Node(0, [0, 1, 2]), Node(1, [3]), Node(2, [4])], [Edge(0, 1, 4), Edge(0, 2, 9)])
    place(tree)
    names, values = [f"strain {at}" for at in range(5)], ["ST13", "ST13", "ST19", "ST7", ""]
    shown = {"shown_by": "MLST $ ST"} | tree.as_dict(names, names, values)
    draw(shown, "title", [tmp_path / "tree.png", tmp_path / "tree.svg"])
    picture = imread(tmp_path / "tree.png")[:, :, :3]
    pixels = {
        colour: int((np.abs(picture - np.array(to_rgb(colour))) < 0.01).all(axis=2).sum())
        for colour in (*PALETTE[:3], UNKNOWN)
    }
    assert min(pixels.values()) > 20
    # two thirds of the pie, and the mark in the legend
    st7, st13, st19, _ = pixels.values()
    assert st13 > st19 > 0
    assert st7 > 0
