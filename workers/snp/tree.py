"""Trees, pure: identical taxa set aside and put back, small trees without a program, rooting, lengths in SNPs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import Any

from Bio import Phylo

#: Bio.Phylo ships no types
Tree = Any
#: IQ-TREE gives branches without a change a tiny length; in SNPs less than this is none
NO_CHANGE = 0.05


def distinct(alignment: Mapping[str, str]) -> dict[str, list[str]]:
    """The first taxon of each sequence, with the others that have the same."""
    first: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    for taxon, sequence in alignment.items():
        groups.setdefault(first.setdefault(sequence, taxon), []).append(taxon)
    return {taxon: members[1:] for taxon, members in groups.items()}


def small_tree(alignment: Mapping[str, str], sites: int) -> Tree:
    """The only tree that one, two or three distinct taxa have, with lengths in changes a site.

    Raises: ValueError for more.
    """
    names = list(alignment)
    if len(names) > 3:
        raise ValueError("four taxa have more than one tree")
    far = {(a, b): _differing(alignment[a], alignment[b]) for a in names for b in names}
    lengths = {
        name: (sum(far[name, other] for other in names) - sum(far.values()) / max(2, 2 * (len(names) - 1)))
        if len(names) == 3
        else sum(far[name, other] for other in names) / 2
        for name in names
    }
    return read_newick("(" + ",".join(f"{name}:{max(lengths[name], 0) / sites!r}" for name in names) + ");")


def _differing(one: str, other: str) -> int:
    return sum(a != b and a in "ACGT" and b in "ACGT" for a, b in zip(one, other, strict=True))


def read_newick(text: str) -> Tree:
    """A tree from Newick; numbers at inner nodes are support."""
    return Phylo.read(StringIO(text), "newick")


def newick(tree: Tree) -> str:
    """One line of Newick, with lengths precise enough for one change in ten million sites."""
    out = StringIO()
    Phylo.write(tree, out, "newick", format_branch_length="%.10f", format_confidence="%.0f")
    return out.getvalue().strip() + "\n"


def put_back(tree: Tree, same: Mapping[str, Sequence[str]]) -> Tree:
    """Put identical taxa beside the one that stood for them, at no distance."""
    for leaf in tree.get_terminals():
        others = same.get(leaf.name, ())
        if others:
            names = [leaf.name, *others]
            leaf.name = None
            leaf.clades = [Phylo.Newick.Clade(branch_length=0.0, name=name) for name in names]
    return tree


def rooted(tree: Tree, outgroup: str | None) -> Tree:
    """Root at the outgroup, or in the middle of the longest way between two taxa; the larger side comes last."""
    tree.root.branch_length = 0.0
    lengths = [clade.branch_length or 0.0 for clade in tree.find_clades()]
    if outgroup is not None:
        tree.root_with_outgroup(outgroup, outgroup_branch_length=_half_way(tree, outgroup))
    elif max(lengths, default=0.0) > 0:
        tree.root_at_midpoint()
    tree.root.branch_length = 0.0
    _set_root_branches(tree, sum(lengths), outgroup)
    tree.ladderize()
    return tree


def _set_root_branches(tree: Tree, total: float, outgroup: str | None) -> None:
    """Divide the branch on which the root lies: Bio.Phylo chooses it well, but may count its length twice."""
    if len(tree.root.clades) != 2:
        return
    one, other = tree.root.clades
    whole = max(0.0, total - (tree.total_branch_length() - one.branch_length - other.branch_length))
    first = whole / 2 if outgroup is not None else (whole + _deepest(other) - _deepest(one)) / 2
    one.branch_length = min(max(first, 0.0), whole)
    other.branch_length = whole - one.branch_length


def _deepest(clade: Tree) -> float:
    """From a clade's node to its farthest taxon."""
    depths = clade.depths()
    return float(max(depths[leaf] for leaf in clade.get_terminals()) - (clade.branch_length or 0.0))


def _half_way(tree: Tree, outgroup: str) -> float:
    return float(next(tree.find_clades(name=outgroup)).branch_length or 0.0) / 2


def in_snps(tree: Tree, sites: int) -> Tree:
    """The tree with lengths in SNPs instead of changes a site."""
    for clade in tree.find_clades():
        length = max(0.0, (clade.branch_length or 0.0) * sites)
        clade.branch_length = 0.0 if length < NO_CHANGE else length
    return tree


def splits(tree: Tree) -> set[frozenset[str]]:
    """The taxa on the smaller side of every inner branch with a length: what the tree says, whatever its root."""
    everyone = frozenset(leaf.name for leaf in tree.get_terminals())
    found = {
        frozenset(leaf.name for leaf in clade.get_terminals())
        for clade in tree.get_nonterminals()
        if clade.branch_length
    }
    sides = {min(side, everyone - side, key=lambda one: (len(one), sorted(one))) for side in found}
    return {side for side in sides if len(side) > 1}


def leaves(tree: Tree) -> Iterator[str]:
    """The names of the taxa, from top to bottom."""
    for leaf in tree.get_terminals():
        yield str(leaf.name)
