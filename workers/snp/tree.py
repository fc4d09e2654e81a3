"""Trees of SNPs, pure: identical taxa set aside and put back, small trees without a program, lengths in SNPs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workers.trees.newick import Branch

#: IQ-TREE gives branches without a change a tiny length; in SNPs less than this is none
NO_CHANGE = 0.05


def distinct(alignment: Mapping[str, str]) -> dict[str, list[str]]:
    """The first taxon of each sequence, with the others that have the same."""
    first: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    for taxon, sequence in alignment.items():
        groups.setdefault(first.setdefault(sequence, taxon), []).append(taxon)
    return {taxon: members[1:] for taxon, members in groups.items()}


def small_tree(alignment: Mapping[str, str], sites: int) -> Branch:
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
    return Branch(children=[Branch(name, max(lengths[name], 0) / sites) for name in names])


def _differing(one: str, other: str) -> int:
    return sum(a != b and a in "ACGT" and b in "ACGT" for a, b in zip(one, other, strict=True))


def put_back(tree: Branch, same: Mapping[str, Sequence[str]]) -> Branch:
    """Put identical taxa beside the one that stood for them, at no distance."""
    for leaf in list(tree.leaves()):
        others = same.get(leaf.name, ())
        if others:
            leaf.children = [Branch(name) for name in (leaf.name, *others)]
            leaf.name = ""
    return tree


def in_snps(tree: Branch, sites: int) -> Branch:
    """The tree with lengths in SNPs instead of changes a site."""
    for branch in tree.preorder():
        length = max(0.0, branch.length * sites)
        branch.length = 0.0 if length < NO_CHANGE else length
    return tree
