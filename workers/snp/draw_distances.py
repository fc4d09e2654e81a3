"""A picture of the distances between taxa: a heat map, with numbers while there is room for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from workers.run_lengths import Array
from workers.snp.ordering import clustered

#: above, numbers and then names are too small to read
MOST_NUMBERS, MOST_NAMES = 30, 150
#: a cell with a number, and with a name only
NUMBER_INCHES, NAME_INCHES = 0.42, 0.22
MOST_INCHES, MOST_UNNAMED_INCHES = 24.0, 12.0
MOST_POINTS = 9.0
#: the same bytes for the same picture
SVG = {"Date": None}


def draw_distances(taxa: Sequence[str], distances: Array, svg: Path, png: Path) -> None:
    """Draw both files; taxa that are close stand together."""
    order = clustered(distances)
    values, names = distances[order][:, order], [taxa[at] for at in order]
    named = len(names) <= MOST_NAMES
    cell = NUMBER_INCHES if len(names) <= MOST_NUMBERS else NAME_INCHES
    side = max(2.2, min(cell * len(names), MOST_INCHES if named else MOST_UNNAMED_INCHES))
    # a name is as high as 0.7 of its cell at most
    points = min(MOST_POINTS, 72 * 0.7 * side / len(names))
    longest = max(map(len, names)) * 0.085 * points / MOST_POINTS if named else 0.0
    bar_inches = max(0.9, 0.06 * side)
    figure = Figure(figsize=(side + longest + bar_inches + 0.7, side + longest + 0.9), layout="constrained")
    axes = figure.subplots()
    # a picture of 16 and 2,490 SNPs needs a scale by orders of magnitude; 0 is a colour of its own
    top = max(int(values.max()), 2)
    colours = mpl.colormaps["YlGnBu"].with_extremes(under="white", bad="white")
    image = axes.imshow(values, cmap=colours, norm=LogNorm(1, top), aspect="equal")
    _label(axes, names, points)
    if len(names) <= MOST_NUMBERS:
        _number(axes, values, top)
    large = 9.0 + 0.3 * side
    bar = figure.colorbar(image, ax=axes, shrink=0.7, pad=0.02)
    bar.set_label("SNPs between two genomes", fontsize=large)
    ticks = [
        one for one in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000) if one <= top
    ]
    bar.set_ticks(ticks, labels=[f"{one:,}" for one in ticks], fontsize=large)
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)
    with mpl.rc_context({"svg.hashsalt": "crobot", "svg.fonttype": "none"}):
        figure.savefig(svg, metadata=SVG)
        figure.savefig(png, dpi=130)


def _label(axes: Axes, names: Sequence[str], points: float) -> None:
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if len(names) > MOST_NAMES:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel(f"{len(names)} genomes")
        return
    places = range(len(names))
    axes.set_xticks(places, names, rotation=90, fontsize=points)
    axes.set_yticks(places, names, fontsize=points)
    axes.set_xticks([at - 0.5 for at in places], minor=True)
    axes.set_yticks([at - 0.5 for at in places], minor=True)
    axes.grid(which="minor", color="white", linewidth=1.0)
    axes.tick_params(which="minor", length=0)


def _number(axes: Axes, values: Array, top: int) -> None:
    size = 8.5 if top < 1_000 or len(values) <= 12 else 6.5
    for (row, column), value in [
        ((r, c), int(v)) for r, line in enumerate(values) for c, v in enumerate(line)
    ]:
        dark = value > top**0.55
        axes.text(column, row, "–" if row == column else f"{value:,}" if value < 10_000 else f"{value / 1000:.0f}k",
                  ha="center", va="center", fontsize=size, color="white" if dark else "black")  # fmt: skip
