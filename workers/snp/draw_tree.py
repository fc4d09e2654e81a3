"""A picture of a rooted tree: names in one column, dotted lines to them, and a bar for its scale in SNPs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from workers.trees.newick import Branch

INCHES_A_TAXON, MOST_INCHES = 0.26, 60.0
#: names with fewer points cannot be read, and are left out
LEAST_POINTS = 1.5
INK, FAINT = "#22313f", "#b8c4ce"
ACCENT = "#c0392b"
#: support in percent from which a branch gets no number; of larger trees none does
SURE, MOST_NUMBERED = 80, 200
SVG = {"Date": None}


def draw_tree(tree: Branch, highlighted: str, svg: Path, png: Path) -> None:
    """Draw both files; branch lengths are in SNPs, ``highlighted`` is the reference, or empty."""
    taxa = list(tree.leaves())
    at = _positions(tree, taxa)
    height = min(max(1.6, INCHES_A_TAXON * len(taxa) + 1.0), MOST_INCHES)
    points = min(9.0, 72 * (height - 1.0) / len(taxa) * 0.72)
    named = points >= LEAST_POINTS
    longest = max(len(leaf.name) for leaf in taxa) * points / 72 * 0.66 if named else 0.0
    figure = Figure(figsize=(6.0 + longest, height), layout="constrained")
    axes = figure.subplots()
    deepest = max(depth for depth, _ in at.values()) or 1.0
    _branches(axes, tree, at, width=min(1.3, points / 4))
    if len(taxa) <= MOST_NUMBERED:
        _supports(axes, tree, at)
    ends = [[at[leaf], (deepest * 1.02, at[leaf][1])] for leaf in taxa] if named else []
    axes.add_collection(LineCollection(ends, linestyles=":", colors=FAINT, linewidths=0.8, zorder=1))
    colours = [ACCENT if leaf.name == highlighted else INK for leaf in taxa]
    depths, rows = zip(*(at[leaf] for leaf in taxa), strict=True)
    # the reference is found among thousands, too
    sizes = [max(3.2 if leaf.name == highlighted else 0.0, min(3.2, points / 2.4)) ** 2 for leaf in taxa]
    axes.scatter(depths, rows, s=sizes, c=colours, zorder=3)
    for leaf, colour in zip(taxa, colours, strict=True) if named else ():
        # as it stands: a $ in a name begins no formula
        text = leaf.name.replace("$", r"\$")
        axes.text(deepest * 1.03, at[leaf][1], text, va="center", fontsize=points, color=colour)
    _scale(axes, deepest, len(taxa), highlighted)
    with mpl.rc_context({"svg.hashsalt": "crobot", "svg.fonttype": "none"}):
        figure.savefig(svg, metadata=SVG)
        # Agg refuses pictures above 65,536 dots
        figure.savefig(png, dpi=min(130, 60_000 / height))


def _positions(tree: Branch, taxa: Sequence[Branch]) -> dict[Branch, tuple[float, float]]:
    """Depth in SNPs and row of every node; rows count from the top."""
    depths = {tree: 0.0}
    for branch in tree.preorder():
        depths.update({child: depths[branch] + child.length for child in branch.children})
    rows = {leaf: float(row) for row, leaf in enumerate(taxa)}
    for branch in tree.postorder():
        if branch.children:
            rows[branch] = (rows[branch.children[0]] + rows[branch.children[-1]]) / 2
    return {branch: (depth, rows[branch]) for branch, depth in depths.items()}


def _branches(axes: Axes, tree: Branch, at: Mapping[Branch, tuple[float, float]], width: float) -> None:
    lines = []
    for branch in tree.preorder():
        depth, row = at[branch]
        lines += [[(depth, row), (depth, at[child][1]), at[child]] for child in branch.children]
    axes.add_collection(LineCollection(lines, colors=INK, linewidths=width, capstyle="round", zorder=2))


def _supports(axes: Axes, tree: Branch, at: Mapping[Branch, tuple[float, float]]) -> None:
    for branch in tree.preorder():
        support = float(branch.name or SURE) if branch.children else SURE
        if support < SURE and branch.length > 0:
            axes.annotate(f"{support:.0f}", at[branch], (-2, 2), textcoords="offset points",
                          ha="right", fontsize=6, color="#7f8c8d")  # fmt: skip


def _scale(axes: Axes, deepest: float, taxa: int, highlighted: str) -> None:
    """Draw a bar of a round number of SNPs below the tree."""
    steps = [digit * 10**power for power in range(7) for digit in (1, 2, 5)]
    length = max((step for step in steps if step <= deepest / 4), default=1)
    # of a large tree no row is as high as a number
    below = taxa - 0.1 + min(0.02 * taxa, 4.0)
    axes.plot([0, length], [below, below], color=INK, linewidth=1.6)
    text = f"{length:,} SNP" + ("s" if length > 1 else "")
    axes.annotate(text, (length / 2, below), (0, -4), textcoords="offset points", ha="center", va="top",
                  fontsize=8, color=INK)  # fmt: skip
    if highlighted:
        axes.annotate("reference in red", (deepest * 1.03, below), va="center", fontsize=7, color=ACCENT)
    axes.set_ylim(below + 0.9, -0.8)
    axes.set_xlim(-0.015 * deepest, deepest * 1.04)
    axes.set_axis_off()
