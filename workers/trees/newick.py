"""Newick: text ↔ branches. Nothing here recurses, as libraries do: a tree of thousands may be a chain of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(r"[(),;]|:[^(),;]+|'(?:[^']|'')*'|[^(),:;'\s]+")
_PLAIN = re.compile(r"[A-Za-z0-9_.|+-]+")


@dataclass(eq=False)
class Branch:
    """A node with the branch above it; ``length`` in the unit of the tree. The name of an inner node is its support."""

    name: str = ""
    length: float = 0.0
    children: list[Branch] = field(default_factory=list)

    def preorder(self) -> Iterator[Branch]:
        """Every branch before its children, which come in their order."""
        waiting = [self]
        while waiting:
            branch = waiting.pop()
            yield branch
            waiting += reversed(branch.children)

    def leaves(self) -> Iterator[Branch]:
        """The taxa, from top to bottom."""
        return (branch for branch in self.preorder() if not branch.children)

    def postorder(self) -> Iterator[Branch]:
        """Every branch after its children."""
        waiting, ordered = [self], list[Branch]()
        while waiting:
            branch = waiting.pop()
            ordered.append(branch)
            waiting += branch.children
        return reversed(ordered)


def parse(text: str) -> Branch:
    """Read a tree.

    Raises: ValueError if this is no Newick.
    """
    root = branch = Branch()
    path: list[Branch] = []
    for part in _TOKEN.findall(text):
        if part == ";":
            break
        if part in "(,)":
            branch = _step(part, branch, path)
        elif part[0] == ":":
            branch.length = float(part[1:])
        else:
            branch.name = part[1:-1].replace("''", "'") if part[0] == "'" else part
    if path or not (root.children or root.name):
        raise ValueError(f"no Newick tree: {text[:60]!r}")
    return root


def _step(part: str, branch: Branch, path: list[Branch]) -> Branch:
    """Go down, to the next, or up."""
    if part == "(":
        path.append(branch)
    elif not path:
        raise ValueError(f"no Newick tree: {part!r} outside of all brackets")
    elif part == ")":
        return path.pop()
    child = Branch()
    path[-1].children.append(child)
    return child


def _own_name(branch: Branch) -> str:
    return branch.name


def write(root: Branch, name_of: Callable[[Branch], str] = _own_name) -> str:
    """Write a tree in one line, with names as ``name_of`` gives them."""
    texts: dict[int, str] = {}
    for branch in root.postorder():
        below = ",".join(f"{texts.pop(id(child))}:{child.length:g}" for child in branch.children)
        texts[id(branch)] = (f"({below})" if below else "") + quoted(name_of(branch))
    return texts[id(root)] + ";"


def quoted(name: str) -> str:
    """A name as it stands in Newick."""
    return name if not name or _PLAIN.fullmatch(name) else "'" + name.replace("'", "''") + "'"
