"""Where the nodes of a tree are drawn: edges keep their lengths, and none crosses another, also after spreading."""

from __future__ import annotations

import random
from itertools import combinations
from math import hypot, sqrt

import pytest

from workers.trees.allele_tree import AlleleTree, Edge, Node, place

Point = tuple[float, float]


def grown(seed: int, size: int) -> AlleleTree:
    """A tree in which some nodes have many neighbours, and others are chains."""
    choose = random.Random(seed)
    edges = [
        Edge(choose.choice((at - 1, choose.randrange(at), 0)), at, choose.randrange(8))
        for at in range(1, size)
    ]
    return AlleleTree([Node(at, [at]) for at in range(size)], edges)


def ends(tree: AlleleTree, edge: Edge) -> tuple[Point, Point]:
    one, other = tree.nodes[edge.source], tree.nodes[edge.target]
    return (one.x, one.y), (other.x, other.y)


def cross(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    """Whether two stretches without a common end have a point in common."""
    (a, b), (c, d) = one, other
    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def side(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


@pytest.mark.parametrize("seed", range(8))
def test_edges_keep_their_lengths_and_do_not_cross(seed: int) -> None:
    tree = grown(seed, 120)
    place(tree)
    for edge in tree.edges:
        (x1, y1), (x2, y2) = ends(tree, edge)
        assert hypot(x2 - x1, y2 - y1) == pytest.approx(max(sqrt(edge.distance), 0.4))
    crossing = [
        (one, other)
        for one, other in combinations(tree.edges, 2)
        if not {one.source, one.target} & {other.source, other.target}
        and cross(ends(tree, one), ends(tree, other))
    ]
    assert crossing == []


def test_the_arms_of_a_star_lie_at_equal_angles() -> None:
    tree = AlleleTree([Node(at, [at]) for at in range(6)], [Edge(0, at, 1) for at in range(1, 6)])
    place(tree)
    far = [ends(tree, edge)[1] for edge in tree.edges]
    nearest = [min(hypot(a[0] - b[0], a[1] - b[1]) for b in far if b is not a) for a in far]
    # the side of a pentagon whose corners are 1 from its middle
    assert nearest == pytest.approx([2 * 0.587785] * 5, abs=1e-4)


def test_a_tree_of_thousands_is_placed() -> None:
    tree = grown(1, 10_000)
    place(tree)
    assert len({(round(node.x, 6), round(node.y, 6)) for node in tree.nodes}) == 10_000
