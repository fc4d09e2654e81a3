"""Draws nodes of a tree in colours: one colour, or a pie of several; and the legend beside the tree."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.path import Path

from workers.trees.colours import Legend

#: points on the arc of a whole circle
_ARC = 60
MOST_LETTERS = 40


def draw_pies(
    axes: Axes, nodes: Sequence[dict[str, Any]], sizes: Sequence[float], legend: Legend, edge: float
) -> None:
    """Draw nodes with their ``shown`` values; ``sizes`` are areas in square points."""
    plain: dict[str, list[tuple[float, float, float]]] = {}
    for node, size in zip(nodes, sizes, strict=True):
        slices = legend.slices(node["shown"])
        if len(slices) == 1:
            plain.setdefault(slices[0][0], []).append((node["x"], node["y"], size))
        else:
            _draw_pie(axes, node, size, slices, edge)
    for colour, places in plain.items():
        x, y, areas = zip(*places, strict=True)
        axes.scatter(x, y, s=areas, c=colour, edgecolors="white", linewidths=edge, zorder=2)


def _draw_pie(
    axes: Axes, node: dict[str, Any], size: float, slices: Sequence[tuple[str, float]], edge: float
) -> None:
    start = 0.25
    for colour, share in slices:
        angles = 2 * pi * np.linspace(start, start + share, max(3, round(_ARC * share)))
        wedge = np.vstack([[0, 0], np.column_stack([np.cos(angles), np.sin(angles)])])
        # a marker is scaled so that its farthest corner lies at 0.5; the whole circle's corners are at 1
        area = size * float(np.abs(wedge).max()) ** 2
        axes.scatter([node["x"]], [node["y"]], s=area, marker=Path(wedge), c=colour, linewidths=0, zorder=2)
        start += share
    axes.scatter([node["x"]], [node["y"]], s=size, c="none", edgecolors="white", linewidths=edge, zorder=2)


def legend_inches(legend: Legend, points: float) -> float:
    """How much room a legend takes beside the tree."""
    longest = max(len(_shortened(text)) for text in (legend.by, *(text for text, _ in legend.entries)))
    return (0.62 * longest + 5) * points / 72


def draw_legend(figure: Figure, legend: Legend, points: float) -> None:
    """Write what the colours mean, to the right of the tree."""
    shape: dict[str, Any] = {
        "linestyle": "",
        "marker": "o",
        "markersize": points * 0.8,
        "markeredgecolor": "white",
    }
    handles = [
        Line2D([], [], markerfacecolor=colour, label=_shortened(text).replace("$", r"\$"), **shape)
        for text, colour in legend.entries
    ]
    title = _shortened(legend.by).replace("$", r"\$")
    figure.legend(handles=handles, title=title, loc="outside right upper", fontsize=points, title_fontsize=points,
                  frameon=False, alignment="left")  # fmt: skip


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
