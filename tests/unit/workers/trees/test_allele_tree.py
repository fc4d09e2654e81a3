"""Tables of profiles, GrapeTree's Newick, and the tree that is drawn from it."""

from __future__ import annotations

from itertools import pairwise
from math import hypot
from pathlib import Path

import pytest

from crobot_errors import BadProfiles
from workers.trees import newick
from workers.trees.allele_tree import Edge, mark_profiles, place, tree_of
from workers.trees.profiles import read_profiles, write_profiles


def table(path: Path, *lines: str, ends: str = "\n") -> Path:
    path.write_bytes("".join(line + ends for line in lines).encode())
    return path


def test_what_is_written_is_read_and_what_is_no_allele_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "profiles.tsv"
    write_profiles(path, ["a", "b", "c"], [("one", "strain\t1", [1, 0, -2]), ("two", "x", [None, 2, 3])])
    found = read_profiles(path)
    assert (found.names, found.labels) == (["one", "two"], ["strain 1", "x"])
    assert [list(row) for row in found.rows] == [[1, 0, 0], [0, 2, 3]]


def test_equal_profiles_are_one_group_whatever_the_line_ends(tmp_path: Path) -> None:
    path = table(tmp_path / "p.tsv", "#Name\ta\tb", "x\t1\t2", "y\t1\t-", "z\t1\t2", ends="\r\n")
    assert read_profiles(path).groups() == [[0, 2], [1]]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("Name\ta", "x\t1"), "has no header"),
        (("#Name",), "has no loci"),
        (("#Name\ta\ta", "x\t1\t1"), "a locus twice: a"),
        (("#Name\ta\tb", "x\t1"), "line 2 ('x'): 2 columns, and the header has 3"),
        (("#Name\ta", "x\t1", "x\t2"), "'x' is the name of line 2, too"),
        (("#Name\ta\tb", "x\t1\tnew"), "line 2 ('x'), locus b: 'new' is no allele's number"),
        (("#Name\ta\tb", "x\t1\t1.5"), "'1.5' is no allele's number"),
        (("#Name\ta\tb", "x\t-\t0"), "'x' has no allele at any locus: leave it out"),
        (("#Name\ta", "x\t1"), "has 1 profiles: a tree takes two at least"),
    ],
)
def test_a_wrong_table_is_refused_with_line_column_and_value(
    tmp_path: Path, lines: tuple[str, ...], message: str
) -> None:
    with pytest.raises(BadProfiles) as told:
        read_profiles(table(tmp_path / "p.tsv", *lines))
    assert message in str(told.value)


@pytest.mark.parametrize("text", ["(a:1,b:2):0;", "((a:1,'it''s b':2)x:0.5,c:3);"])
def test_newick_comes_back(text: str) -> None:
    root = newick.parse(text)
    again = newick.parse(newick.write(root, lambda branch: branch.name))
    seen = [(branch.name, branch.length, len(branch.children)) for branch in root.postorder()]
    assert seen == [(branch.name, branch.length, len(branch.children)) for branch in again.postorder()]


@pytest.mark.parametrize("text", ["", "(a,b", "a)b;", "a,b;"])
def test_what_is_no_newick_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no Newick tree"):
        newick.parse(text)


def test_a_chain_of_thousands_is_no_recursion() -> None:
    text = "(" * 5000 + "x" + "".join(f",y{at}:1)" for at in range(5000)) + ";"
    assert sum(1 for _ in newick.parse(text).postorder()) == 10_001


def test_a_minimum_spanning_tree_has_profiles_only() -> None:
    # profiles 0 and 3 are the same; 1 is between them and 2
    root = newick.parse("((0:0,3:0):4,2:1,1:0);")
    mark_profiles(root)
    tree = tree_of(root, [[0, 3], [1], [2]])
    assert sorted(tree.edges, key=lambda edge: edge.target) == [Edge(1, 0, 4.0), Edge(1, 2, 1.0)]
    assert [node.members for node in tree.nodes] == [[0, 3], [1], [2]]


def test_a_neighbour_joining_tree_has_inner_nodes() -> None:
    tree = tree_of(newick.parse("((0:1,1:2):0.5,2:3);"), [[0], [1], [2]])
    assert [node.members for node in tree.nodes] == [[0], [1], [2], [], []]
    assert sum(edge.distance for edge in tree.edges) == 6.5


def test_no_two_nodes_lie_on_each_other() -> None:
    text = "(" * 30 + "0:0" + "".join(f",{at}:{at % 3})" for at in range(1, 31)) + ";"
    tree = tree_of(newick.parse(text), [[at] for at in range(31)])
    place(tree)
    places = sorted((node.x, node.y) for node in tree.nodes)
    assert all(hypot(b[0] - a[0], b[1] - a[1]) > 0 for a, b in pairwise(places))
