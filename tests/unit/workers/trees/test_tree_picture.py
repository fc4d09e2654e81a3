"""Pictures of trees and distances: something is to be seen, and names stand where there is room."""

from __future__ import annotations

from math import pi
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from workers.snp.draw_distances import draw_distances
from workers.trees.allele_tree import AlleleTree, Edge, Node, place
from workers.trees.tree_picture import _angles, _widest_gap, draw


def _chain(length: int) -> AlleleTree:
    """Profiles in a row, each one allele from the next."""
    nodes = [Node(at, [at]) for at in range(length)]
    return AlleleTree(nodes, [Edge(at, at + 1, 1) for at in range(length - 1)])


@pytest.mark.parametrize("length", [1, 2, 300])
def test_a_tree_that_lies_in_a_line_is_seen(length: int, tmp_path: Path) -> None:
    tree, names = _chain(length), [f"strain {at}" for at in range(length)]
    place(tree)
    draw(tree.as_dict(names, names), "title", [tmp_path / "tree.png"])
    red, _, blue = (imread(tmp_path / "tree.png")[:, :, colour] for colour in range(3))
    # the nodes' blue, and nothing else in the picture
    rows, columns = np.nonzero(blue - red > 0.5)
    assert len(rows) > 20
    assert length == 1 or np.ptp(columns) > 0.7 * blue.shape[1]


def test_a_name_stands_in_the_widest_gap_between_edges() -> None:
    ends = [((0.0, 0.0), (1.0, 0.0)), ((0.0, 0.0), (0.0, 1.0))]
    assert _widest_gap(_angles(ends)[0.0, 0.0]) == pytest.approx(5 / 4 * pi)
    assert _widest_gap(_angles(ends)[1.0, 0.0]) % (2 * pi) == pytest.approx(0)


@pytest.mark.parametrize(("taxa", "named"), [(4, True), (31, True), (151, False)])
def test_distances_have_names_that_can_be_read_or_none(taxa: int, named: bool, tmp_path: Path) -> None:
    distances = np.abs(np.subtract.outer(np.arange(taxa), np.arange(taxa))).astype(np.int64)
    svg = tmp_path / "distances.svg"
    draw_distances([f"strain{at}" for at in range(taxa)], distances, svg=svg, png=tmp_path / "distances.png")
    text = svg.read_text(encoding="utf-8")
    assert (">strain0<" in text, ">151 genomes<" in text) == (named, not named)
    assert not named or "9px" in text
