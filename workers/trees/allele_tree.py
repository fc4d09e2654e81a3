"""Trees of allelic profiles, pure: GrapeTree's Newick → nodes, edges, and where to draw them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import cos, pi, sin, sqrt
from typing import Any

import numpy as np

from workers.trees.daylight import spread
from workers.trees.newick import Branch

#: drawn length of what has no distance, so that its nodes can be told apart
SHORTEST = 0.4
#: larger trees are left as equal angles place them: spreading takes quadratic time, 3 s for so many nodes
MOST_SPREAD = 4000


@dataclass
class Node:
    """One profile with all that have it; an inner node of a neighbour-joining tree has none."""

    id: int
    #: by position in the table
    members: list[int]
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True)
class Edge:
    """Two nodes, and the number of loci with different alleles between them (those missing in one do not count)."""

    source: int
    target: int
    distance: float


@dataclass
class AlleleTree:
    """A tree to look at; positions are in units of the drawn length, which is the root of the distance."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def as_dict(
        self, names: Sequence[str], labels: Sequence[str], shown: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """As it is written to a file; ``shown`` are the values of the profiles by which nodes have colours."""
        return {
            "nodes": [
                {
                    "id": node.id,
                    "x": round(node.x, 4),
                    "y": round(node.y, 4),
                    "assemblies": [names[at] for at in node.members],
                    "labels": [labels[at] for at in node.members],
                }
                | ({} if shown is None else {"shown": [shown[at] for at in node.members]})
                for node in self.nodes
            ],
            "edges": [vars(edge) for edge in self.edges],
        }


def tree_of(root: Branch, groups: Sequence[Sequence[int]]) -> AlleleTree:
    """Return the tree of a Newick whose names are positions in the table.

    In a minimum spanning tree profiles are inner nodes, too. GrapeTree writes one as a nameless node, whose last
    child, at distance 0, is the profile itself; and equal profiles as the children of a nameless node.
    """
    tree = AlleleTree([Node(at, list(group)) for at, group in enumerate(groups)])
    group_of = {str(member): at for at, group in enumerate(groups) for member in group}
    stands_for: dict[int, int] = {}
    for branch in root.postorder():
        below = [stands_for[id(child)] for child in branch.children]
        if not below:
            stands_for[id(branch)] = group_of[branch.name]
        elif len(set(below)) == 1:
            stands_for[id(branch)] = below[0]
        else:
            own = _own(tree, branch, below)
            stands_for[id(branch)] = own
            tree.edges += [
                Edge(own, at, child.length)
                for at, child in zip(below, branch.children, strict=True)
                if at != own
            ]
    return tree


def _own(tree: AlleleTree, branch: Branch, below: Sequence[int]) -> int:
    """The node that an inner branch is: the profile that is its last child, or a new one without profiles."""
    if branch.name == SELF:
        return below[-1]
    tree.nodes.append(Node(len(tree.nodes), []))
    return tree.nodes[-1].id


#: the name that `mark_profiles` gives to inner branches
SELF = "self"


def mark_profiles(root: Branch) -> None:
    """Note that in this tree, a minimum spanning tree, each inner branch is a profile."""
    for branch in root.postorder():
        if branch.children:
            branch.name = SELF


def place(tree: AlleleTree) -> None:
    """Give every node its position, by equal angles and then equal daylight: no two edges cross."""
    neighbours: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for edge in tree.edges:
        neighbours[edge.source].append((edge.target, edge.distance))
        neighbours[edge.target].append((edge.source, edge.distance))
    order, above, leaves = _from(0, neighbours)
    middle = _middle(order, above, leaves)
    order, above, leaves = _from(middle, neighbours)
    wedge = {middle: (0.0, 2 * pi)}
    for at in order:
        start, end = wedge[at]
        share = (end - start) / leaves[at]
        for other, distance in sorted(neighbours[at], key=lambda one: (leaves[one[0]], one[0])):
            if other == above[at]:
                continue
            wedge[other] = (start, start + share * leaves[other])
            angle = start + share * leaves[other] / 2
            length = max(sqrt(max(distance, 0.0)), SHORTEST)
            tree.nodes[other].x = tree.nodes[at].x + length * cos(angle)
            tree.nodes[other].y = tree.nodes[at].y + length * sin(angle)
            start = wedge[other][1]
    if len(tree.nodes) <= MOST_SPREAD:
        positions = np.array([(node.x, node.y) for node in tree.nodes])
        spread(positions, order, above)
        for node, (x, y) in zip(tree.nodes, positions.tolist(), strict=True):
            node.x, node.y = x, y


def _from(
    root: int, neighbours: dict[int, list[tuple[int, float]]]
) -> tuple[list[int], dict[int, int], dict[int, int]]:
    """The nodes from a root downwards, the one above each, and how many leaves each has below."""
    order, above = [root], {root: -1}
    for at in order:
        below = [other for other, _ in neighbours[at] if other != above[at]]
        above.update(dict.fromkeys(below, at))
        order += below
    leaves: dict[int, int] = dict.fromkeys(order, 0)
    for at in reversed(order):
        leaves[at] = leaves[at] or 1
        if above[at] >= 0:
            leaves[above[at]] += leaves[at]
    return order, above, leaves


def _middle(order: Sequence[int], above: dict[int, int], leaves: dict[int, int]) -> int:
    """The node whose largest part has the fewest leaves."""
    largest: dict[int, int] = {at: leaves[order[0]] - leaves[at] for at in order}
    for at in order[1:]:
        largest[above[at]] = max(largest[above[at]], leaves[at])
    return min(order, key=lambda at: (largest[at], at))
