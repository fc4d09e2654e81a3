"""Draws a tree of profiles, in a process of its own; arguments: the tree as JSON, then pictures (SVG, PNG)."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from math import atan2, cos, pi, sin, sqrt
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from workers.trees.colours import legend
from workers.trees.pies import draw_legend, draw_pies, legend_inches

#: with more nodes, names would hide the tree; with more edges, numbers would
MOST_LABELS, MOST_DISTANCES = 80, 60
#: side of the picture, inches; names of so many nodes have room beside each other
LEAST_SIDE, MOST_SIDE, SIDE_A_NODE = 8.0, 24.0, 1.6
#: of the side, around the tree
MARGIN = 0.06
#: values beside a node, and letters of them all
MOST_TYPES, MOST_LETTERS = 3, 30
BLUE, GREY = "#0072B2", "#777777"


def draw(tree: dict[str, Any], title: str, paths: list[Path]) -> None:
    """Write the picture, once for each path, in the format that its ending says."""
    nodes = {node["id"]: node for node in tree["nodes"]}
    side = min(max(LEAST_SIDE, SIDE_A_NODE * sqrt(len(nodes))), MOST_SIDE)
    full = [node for node in tree["nodes"] if node["assemblies"]]
    by = tree.get("shown_by")
    meaning = legend(by, (value for node in full for value in node["shown"])) if by else None
    points = max(8.0, 1.1 * side)
    beside = legend_inches(meaning, points) if meaning else 0.0
    figure = Figure(figsize=(side + beside, side), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    figure.suptitle(title, fontsize=1.5 * side)
    _frame(axes, tree["nodes"])
    ends = [(_at(nodes[edge["source"]]), _at(nodes[edge["target"]])) for edge in tree["edges"]]
    axes.add_collection(LineCollection(ends, colors=GREY, linewidths=0.8, zorder=1))
    # area by the number of assemblies, smaller when there are many nodes
    unit = max(16.0, 60.0 / max(1.0, len(full) / 50))
    sizes = [unit * len(node["assemblies"]) ** 0.8 for node in full]
    edge = 0.5 if len(full) <= MOST_LABELS else 0.0
    if meaning:
        draw_pies(axes, full, sizes, meaning, edge)
        draw_legend(figure, meaning, points)
    else:
        axes.scatter([node["x"] for node in full], [node["y"] for node in full], s=sizes, c=BLUE, edgecolors="white",
                     linewidths=edge, zorder=2)  # fmt: skip
    if len(ends) <= MOST_DISTANCES:
        _write_distances(axes, tree, ends)
    if len(full) <= MOST_LABELS:
        _write_labels(axes, full, sizes, ends)
    for path in paths:
        figure.savefig(path, dpi=100)


def _frame(axes: Axes, nodes: list[dict[str, Any]]) -> None:
    """Show a square around all nodes: a tree that lies in a line has no height of its own."""
    bounds = [(min(node[way] for node in nodes), max(node[way] for node in nodes)) for way in "xy"]
    half = max(1.0, *(last - first for first, last in bounds)) * (0.5 + MARGIN)
    (x, y) = ((first + last) / 2 for first, last in bounds)
    axes.set(xlim=(x - half, x + half), ylim=(y - half, y + half))
    axes.set_box_aspect(1)


def _at(node: dict[str, Any]) -> tuple[float, float]:
    return node["x"], node["y"]


def _write_distances(axes: Axes, tree: dict[str, Any], ends: list[Any]) -> None:
    for edge, ((x1, y1), (x2, y2)) in zip(tree["edges"], ends, strict=True):
        axes.text((x1 + x2) / 2, (y1 + y2) / 2, f"{edge['distance']:.3g}", fontsize=7, color=GREY, ha="center",
                  va="center", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5}, zorder=3)  # fmt: skip


def _write_labels(axes: Axes, full: list[dict[str, Any]], sizes: Sequence[float], ends: list[Any]) -> None:
    angles = _angles(ends)
    for node, size in zip(full, sizes, strict=True):
        more = len(node["labels"]) - 1
        # as it stands: a $ in a name begins no formula
        text = node["labels"][0].replace("$", r"\$") + (f" +{more}" if more else "") + _types(node)
        angle, far = _widest_gap(angles[_at(node)]), sqrt(size) / 2 + 3
        x, y = cos(angle), sin(angle)
        axes.annotate(text, _at(node), xytext=(far * x, far * y), textcoords="offset points", fontsize=8, zorder=4,
                      ha=_side(x, "right", "center", "left"), va=_side(y, "top", "center", "bottom"))  # fmt: skip


def _types(node: dict[str, Any]) -> str:
    """What is shown of a node by its colour, too, in a line of its own."""
    values = sorted({value for value in node.get("shown", ()) if value})
    text = ", ".join(values[:MOST_TYPES]) + (" …" if len(values) > MOST_TYPES else "")
    return "\n" + text.replace("$", r"\$") if text and len(text) <= MOST_LETTERS else ""


def _angles(ends: list[Any]) -> dict[tuple[float, float], list[float]]:
    """The directions in which edges leave each place."""
    found: dict[tuple[float, float], list[float]] = defaultdict(list)
    for (x1, y1), (x2, y2) in ends:
        found[x1, y1].append(atan2(y2 - y1, x2 - x1))
        found[x2, y2].append(atan2(y1 - y2, x1 - x2))
    return found


def _widest_gap(angles: Sequence[float]) -> float:
    """The direction in which a name is farthest from all edges."""
    ordered = sorted(angles) or [-pi]
    gaps = zip(ordered, [*ordered[1:], ordered[0] + 2 * pi], strict=True)
    start, end = max(gaps, key=lambda gap: gap[1] - gap[0])
    return (start + end) / 2


def _side(towards: float, before: str, middle: str, after: str) -> str:
    return middle if abs(towards) < 0.3 else after if towards > 0 else before


def main() -> None:
    """Read the tree, draw it."""
    source, *paths = map(Path, sys.argv[1:])
    tree = json.loads(source.read_text(encoding="utf-8"))
    draw(tree, tree["title"], paths)


if __name__ == "__main__":
    main()
