"""Newick as another program reads it, and what a tree says."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

from Bio import Phylo


def read_tree(text: str | Path) -> Any:
    """A tree from Newick, or from a file."""
    return Phylo.read(StringIO(text.read_text() if isinstance(text, Path) else text), "newick")


def sides(tree: Any) -> list[list[str]]:
    """The taxa of each branch at the root."""
    return [[leaf.name for leaf in clade.get_terminals()] for clade in tree.root.clades]


def splits(tree: Any) -> set[frozenset[str]]:
    """The taxa on the smaller side of every inner branch with a length: what the tree says, whatever its root."""
    everyone = frozenset(leaf.name for leaf in tree.get_terminals())
    found = {
        frozenset(leaf.name for leaf in clade.get_terminals())
        for clade in tree.get_nonterminals()
        if clade.branch_length
    }
    smaller = {min(side, everyone - side, key=lambda one: (len(one), sorted(one))) for side in found}
    return {side for side in smaller if len(side) > 1}
