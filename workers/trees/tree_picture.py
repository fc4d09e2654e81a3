"""Draws a tree of profiles, in a process of its own; arguments: the tree as JSON, then pictures (SVG, PNG)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")  # before its parts are loaded: there is no screen

from matplotlib.axes import Axes  # noqa: E402
from matplotlib.collections import LineCollection  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

#: with more nodes, names would hide the tree; with more edges, numbers would
MOST_LABELS, MOST_DISTANCES = 80, 60
#: side of the picture, inches
LEAST_SIDE, MOST_SIDE = 8.0, 24.0
BLUE, GREY = "#0072B2", "#777777"


def draw(tree: dict[str, Any], title: str, paths: list[Path]) -> None:
    """Write the picture, once for each path, in the format that its ending says."""
    nodes = {node["id"]: node for node in tree["nodes"]}
    side = min(max(LEAST_SIDE, 0.25 * len(nodes) ** 0.75), MOST_SIDE)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_title(title)
    ends = [(_at(nodes[edge["source"]]), _at(nodes[edge["target"]])) for edge in tree["edges"]]
    axes.add_collection(LineCollection(ends, colors=GREY, linewidths=0.8, zorder=1))
    full = [node for node in tree["nodes"] if node["assemblies"]]
    # area by the number of assemblies, smaller when there are many nodes
    unit = max(16.0, 60.0 / max(1.0, len(full) / 50))
    sizes = [unit * len(node["assemblies"]) ** 0.8 for node in full]
    axes.scatter([node["x"] for node in full], [node["y"] for node in full], s=sizes, c=BLUE, edgecolors="white",
                 linewidths=0.5 if len(full) <= MOST_LABELS else 0, zorder=2)  # fmt: skip
    if len(ends) <= MOST_DISTANCES:
        _write_distances(axes, tree, ends)
    if len(full) <= MOST_LABELS:
        _write_labels(axes, full)
    axes.margins(0.12)
    for path in paths:
        figure.savefig(path, dpi=100)


def _at(node: dict[str, Any]) -> tuple[float, float]:
    return node["x"], node["y"]


def _write_distances(axes: Axes, tree: dict[str, Any], ends: list[Any]) -> None:
    for edge, ((x1, y1), (x2, y2)) in zip(tree["edges"], ends, strict=True):
        axes.text((x1 + x2) / 2, (y1 + y2) / 2, f"{edge['distance']:.3g}", fontsize=7, color=GREY, ha="center",
                  va="center", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5}, zorder=3)  # fmt: skip


def _write_labels(axes: Axes, full: list[dict[str, Any]]) -> None:
    for node in full:
        more = len(node["labels"]) - 1
        # as it stands: a $ in a name begins no formula
        text = node["labels"][0].replace("$", r"\$") + (f" +{more}" if more else "")
        axes.annotate(text, _at(node), xytext=(5, 5), textcoords="offset points", fontsize=8, zorder=4)


def main() -> None:
    """Read the tree, draw it."""
    source, *paths = map(Path, sys.argv[1:])
    tree = json.loads(source.read_text(encoding="utf-8"))
    draw(tree, tree["title"], paths)


if __name__ == "__main__":
    main()
