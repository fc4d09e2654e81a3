"""Draws presence and absence, in a process of its own; arguments: rows as JSON, then the pictures (SVG, PNG).

A line is an assembly, a column a sequence. Lines with the same pattern stand together. Many lines are folded into
panels side by side, so that the picture fits a page and names can be read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log, sqrt
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from workers.nomenclature.patterns import ordered

#: colours by letter, told apart by their brightness, too
COLOURS = {"i": "#08306B", "w": "#4292C6", "p": "#FDAE6B", "-": "#EBEBEB", "?": "#F8DAD6"}
MEANINGS = {
    "i": "identical",
    "w": "whole, with differences",
    "p": "a part",
    "-": "absent",
    "?": "not searched",
}
UNREAD = "#C0392B"
#: inches of a line, and of a column; more of them are smaller, so that the cells take no more than the last
LINE, LEAST_LINE, COLUMN, LEAST_COLUMN, MOST_CELLS = 0.19, 0.11, 0.24, 0.07, 60.0
#: names with fewer points cannot be read, and are left out
MOST_POINTS, LEAST_POINTS = 9.0, 3.5
MOST_LETTERS, MOST_PANELS = 36, 16
#: lines that stand in one panel in any case, and how much wider than high a picture shall be
LEAST_FOLDED, SHAPE = 45, 1.3
MARGIN, HEAD, LEAST_WIDTH = 0.25, 1.15, 6.4
#: a letter's width, in its height
LETTER = 0.62
#: dots of a PNG
MOST_DOTS, DPI = 16e6, 130
SVG = {"Date": None}


@dataclass(frozen=True)
class Layout:
    """Inches, and points of the names; panels have the same number of lines but for the last."""

    panels: int
    lines: int
    line: float
    column: float
    #: beside a panel and above it, for names
    beside: float
    above: float
    line_points: float
    column_points: float

    def size(self, columns: int) -> tuple[float, float]:
        """Width and height of all panels together."""
        width = self.panels * (columns * self.column + self.beside + MARGIN)
        return width, self.above + self.lines * self.line


def layout(names: Sequence[str], queries: Sequence[str]) -> Layout:
    """Choose how many panels there are, and how large everything is."""
    most = 1 if len(names) <= LEAST_FOLDED else MOST_PANELS
    found = [_with_panels(panels, names, queries) for panels in range(1, most + 1)]

    def unlike(one: Layout) -> float:
        width, height = one.size(len(queries))
        return abs(log(width / height / SHAPE))

    return min(found, key=unlike)


def _with_panels(panels: int, names: Sequence[str], queries: Sequence[str]) -> Layout:
    lines = ceil(len(names) / panels)
    line = max(LEAST_LINE, min(LINE, MOST_CELLS / lines))
    column = max(LEAST_COLUMN, min(COLUMN, MOST_CELLS / len(queries)))
    line_points, column_points = _points(line), _points(column)
    beside, above = _inches(names, line_points), _inches(queries, column_points)
    return Layout(panels, lines, line, column, beside, above, line_points, column_points)


def _points(inches: float) -> float:
    points = min(MOST_POINTS, 72 * 0.75 * inches)
    return points if points >= LEAST_POINTS else 0.0


def _inches(names: Sequence[str], points: float) -> float:
    return max(len(_shortened(name)) for name in names) * LETTER * points / 72 + 0.1


def draw(shown: dict[str, Any], paths: Sequence[Path]) -> None:
    """Write the picture, once for each path, in the format that its ending says."""
    rows = ordered([(str(name), str(states)) for name, states in shown["rows"]])
    queries = [_counted(name, at, rows) for at, name in enumerate(shown["queries"])]
    how = layout([name for name, _ in rows], queries)
    width, height = how.size(len(queries))
    whole = (max(width + MARGIN, LEAST_WIDTH), height + HEAD + MARGIN)
    figure = Figure(figsize=whole)
    for panel in range(how.panels):
        part = rows[panel * how.lines : (panel + 1) * how.lines]
        if part:
            left = MARGIN + panel * width / how.panels
            top = whole[1] - HEAD - how.above
            box = (left, top - len(part) * how.line, len(queries) * how.column, len(part) * how.line)
            axes = figure.add_axes(
                (box[0] / whole[0], box[1] / whole[1], box[2] / whole[0], box[3] / whole[1])
            )
            _panel(axes, part, queries, how)
    _head(figure, shown, rows, whole)
    dots = min(DPI, sqrt(MOST_DOTS / (whole[0] * whole[1])))
    with mpl.rc_context({"svg.hashsalt": "crobot", "svg.fonttype": "none"}):
        for path in paths:
            figure.savefig(path, dpi=dots, metadata=SVG if path.suffix == ".svg" else None)


def _panel(axes: Axes, rows: Sequence[tuple[str, str]], queries: Sequence[str], how: Layout) -> None:
    # whole numbers: matplotlib calculates with fractions in eight times the memory
    colours = {letter: [round(255 * part) for part in to_rgb(colour)] for letter, colour in COLOURS.items()}
    cells = np.array([[colours[letter] for letter in states] for _, states in rows], dtype=np.uint8)
    axes.imshow(cells, aspect="auto", interpolation="nearest")
    axes.set_axis_off()
    wide = min(1.0, 6 * min(how.line, how.column))
    axes.hlines(
        [at - 0.5 for at in range(1, len(rows))], -0.5, len(queries) - 0.5, colors="white", linewidth=wide
    )
    axes.vlines(
        [at - 0.5 for at in range(1, len(queries))], -0.5, len(rows) - 0.5, colors="white", linewidth=wide
    )
    _names(axes, rows, queries, how)


def _names(axes: Axes, rows: Sequence[tuple[str, str]], queries: Sequence[str], how: Layout) -> None:
    """Texts of their own: thousands of an axis' ticks take minutes."""
    above, beside = -0.5 - 0.04 / how.line, len(queries) - 0.5 + 0.04 / how.column
    if how.column_points:
        for at, name in enumerate(queries):
            axes.text(
                at, above, _plain(name), rotation=90, ha="center", va="bottom", fontsize=how.column_points
            )
    if how.line_points:
        for at, (name, states) in enumerate(rows):
            colour = UNREAD if "?" in states else "black"
            axes.text(beside, at, _plain(name), va="center_baseline", fontsize=how.line_points, color=colour)


def _head(
    figure: Figure, shown: dict[str, Any], rows: Sequence[tuple[str, str]], whole: tuple[float, float]
) -> None:
    """Title, limits and legend; assemblies that were not searched have red names."""
    left, high = MARGIN / whole[0], whole[1]
    figure.text(left, 1 - 0.28 / high, _plain(shown["title"]), fontsize=12, va="center")
    figure.text(left, 1 - 0.53 / high, shown["limits"], fontsize=9, va="center", color="#555555")
    there = {letter for _, states in rows for letter in states}
    handles = [
        Patch(facecolor=COLOURS[letter], label=meaning)
        for letter, meaning in MEANINGS.items()
        if letter in there
    ]
    box = (left, 1 - 0.68 / high)
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=box, ncols=len(handles), fontsize=9,
                  frameon=False, borderpad=0, borderaxespad=0, handlelength=1.0, handleheight=1.0,
                  columnspacing=1.2)  # fmt: skip


def _counted(name: str, at: int, rows: Sequence[tuple[str, str]]) -> str:
    """The sequence, and how many assemblies have it."""
    return f"{_shortened(name)} ({sum(states[at] in 'iwp' for _, states in rows):,})"


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


def _plain(text: str) -> str:
    """As it stands: a $ in a name begins no formula."""
    return _shortened(text).replace("$", r"\$")


def main() -> None:
    """Read the rows, draw them."""
    source, *paths = map(Path, sys.argv[1:])
    draw(json.loads(source.read_text(encoding="utf-8")), paths)


if __name__ == "__main__":
    main()
