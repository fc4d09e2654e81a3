"""Where a tree has its root, pure: at the outgroup, or in the middle of the longest way between two taxa."""

from __future__ import annotations

from dataclasses import dataclass

from workers.trees.newick import Branch


@dataclass(frozen=True)
class Way:
    """What lies between two neighbours; ``support`` is that of the taxa on one side of it."""

    length: float
    support: str


#: a tree without a root: node → its neighbours
Ways = dict[Branch, dict[Branch, Way]]


def rooted(tree: Branch, outgroup: str | None) -> Branch:
    """Root the tree; the larger side of every node comes last. A tree without any length keeps its root."""
    ways = _ways(tree)
    if outgroup is not None:
        taxon = next(leaf for leaf in tree.leaves() if leaf.name == outgroup)
        ((other, way),) = ways[taxon].items()
        tree = _rooted_between(ways, taxon, other, way.length / 2)
    elif any(way.length > 0 for near in ways.values() for way in near.values()):
        tree = _rooted_between(ways, *_middle(ways))
    return _ordered(tree)


def _ways(tree: Branch) -> Ways:
    ways: Ways = {branch: {} for branch in tree.preorder()}
    for branch in tree.preorder():
        for child in branch.children:
            _join(ways, branch, child, Way(child.length, child.name if child.children else ""))
    if len(ways[tree]) < 3:
        # such a root is no node: its two branches are one
        near = ways.pop(tree)
        for child in near:
            del ways[child][tree]
        if len(near) == 2:
            (one, to_one), (other, to_other) = near.items()
            _join(ways, one, other, Way(to_one.length + to_other.length, to_one.support or to_other.support))
    return ways


def _join(ways: Ways, one: Branch, other: Branch, way: Way) -> None:
    ways[one][other] = ways[other][one] = way


def _middle(ways: Ways) -> tuple[Branch, Branch, float]:
    """The neighbours between which the longest way has its middle, and how far that is from the first."""
    start = _farthest(ways, next(iter(ways)))[0]
    end, far, above = _farthest(ways, start)
    node, left = end, far / 2
    while left > (length := ways[node][above[node]].length):
        left -= length
        node = above[node]
    return node, above[node], left


def _farthest(ways: Ways, start: Branch) -> tuple[Branch, float, dict[Branch, Branch]]:
    """The node at the end of the longest way from a start, that way's length, and the node before each."""
    depths, above = {start: 0.0}, dict[Branch, Branch]()
    waiting = [start]
    for node in waiting:
        for other, way in ways[node].items():
            if other not in depths:
                depths[other], above[other] = depths[node] + way.length, node
                waiting.append(other)
    # of several the first taxon: a node in the middle is as far if the last branch has no length
    end = max((node for node in depths if len(ways[node]) == 1 and node is not start), key=depths.__getitem__)
    return end, depths[end], above


def _rooted_between(ways: Ways, one: Branch, other: Branch, at: float) -> Branch:
    """Put a root between two neighbours, ``at`` so far from the first."""
    way = ways[one][other]
    sides = {one: Way(at, way.support), other: Way(way.length - at, way.support)}
    root = Branch(children=[_hung(node, above) for node, above in sides.items()])
    above = {one: other, other: one}
    waiting = [one, other]
    for node in waiting:
        below = {near: to for near, to in ways[node].items() if near is not above[node]}
        above.update(dict.fromkeys(below, node))
        node.children = [_hung(near, to) for near, to in below.items()]
        waiting += below
    return root


def _hung(node: Branch, above: Way) -> Branch:
    """Give a node the branch above it."""
    node.length = above.length
    if node.children:
        node.name = above.support
    return node


def _ordered(tree: Branch) -> Branch:
    taxa: dict[Branch, int] = {}
    for branch in tree.postorder():
        taxa[branch] = sum(taxa[child] for child in branch.children) or 1
        branch.children.sort(key=taxa.__getitem__)
    return tree
