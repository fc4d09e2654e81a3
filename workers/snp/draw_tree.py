"""A picture of a rooted tree: names in one column, dotted lines to them, and a bar for its scale in SNPs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from workers.snp.tree import Tree

INCHES_A_TAXON, MOST_INCHES = 0.26, 60.0
#: names with fewer than so many points cannot be read
LEAST_POINTS = 2.0
INK, FAINT = "#22313f", "#b8c4ce"
ACCENT = "#c0392b"
#: support from which a branch gets no number
SURE = 95
SVG = {"Date": None}


def draw_tree(tree: Tree, highlighted: str, svg: Path, png: Path) -> None:
    """Draw both files; branch lengths are in SNPs, ``highlighted`` is the reference, or empty."""
    taxa = tree.get_terminals()
    rows = {leaf: float(row) for row, leaf in enumerate(taxa)}
    for clade in tree.get_nonterminals(order="postorder"):
        rows[clade] = (rows[clade.clades[0]] + rows[clade.clades[-1]]) / 2
    depths = tree.depths()
    height = min(max(1.6, INCHES_A_TAXON * len(taxa) + 1.0), MOST_INCHES)
    points = max(LEAST_POINTS, min(9.0, 72 * (height - 1.0) / len(taxa) * 0.72))
    longest = max(len(leaf.name) for leaf in taxa) * points / 72 * 0.66
    figure = Figure(figsize=(6.0 + longest, height), layout="constrained")
    axes = figure.subplots()
    deepest = max(depths.values()) or 1.0
    _branches(axes, tree, rows, depths)
    for leaf in taxa:
        colour = ACCENT if leaf.name == highlighted else INK
        axes.plot([depths[leaf], deepest * 1.02], [rows[leaf]] * 2, ":", color=FAINT, linewidth=0.8, zorder=1)
        axes.text(deepest * 1.03, rows[leaf], leaf.name, va="center", fontsize=points, color=colour)
        axes.plot(depths[leaf], rows[leaf], "o", color=colour, markersize=min(3.2, points / 2.4), zorder=3)
    _scale(axes, deepest, len(taxa), highlighted)
    with mpl.rc_context({"svg.hashsalt": "crobot", "svg.fonttype": "none"}):
        figure.savefig(svg, metadata=SVG)
        # Agg refuses pictures above 65,536 dots
        figure.savefig(png, dpi=min(130, 60_000 / height))


def _branches(axes: Axes, tree: Tree, rows: dict[Any, float], depths: dict[Any, float]) -> None:
    for clade in tree.find_clades():
        at = depths[clade]
        if clade.clades:
            ends = [rows[child] for child in clade.clades]
            axes.plot(
                [at, at], [min(ends), max(ends)], color=INK, linewidth=1.3, solid_capstyle="round", zorder=2
            )
        for child in clade.clades:
            axes.plot([at, depths[child]], [rows[child]] * 2, color=INK, linewidth=1.3, zorder=2)
        support = getattr(clade, "confidence", None)
        if clade.clades and clade is not tree.root and support is not None and support < SURE:
            axes.annotate(f"{support:.0f}", (at, rows[clade]), (-2, 2), textcoords="offset points",
                          ha="right", fontsize=6, color="#7f8c8d")  # fmt: skip


def _scale(axes: Axes, deepest: float, taxa: int, highlighted: str) -> None:
    """Draw a bar of a round number of SNPs below the tree."""
    steps = [digit * 10**power for power in range(7) for digit in (1, 2, 5)]
    length = max((step for step in steps if step <= deepest / 4), default=1)
    below = taxa - 0.1 + 0.02 * taxa
    axes.plot([0, length], [below, below], color=INK, linewidth=1.6)
    text = f"{length:,} SNP" + ("s" if length > 1 else "")
    axes.annotate(text, (length / 2, below), (0, -4), textcoords="offset points", ha="center", va="top",
                  fontsize=8, color=INK)  # fmt: skip
    if highlighted:
        axes.annotate("reference in red", (deepest * 1.03, below), va="center", fontsize=7, color=ACCENT)
    axes.set_ylim(below + 0.9, -0.8)
    axes.set_xlim(-0.015 * deepest, deepest * 1.04)
    axes.set_axis_off()
