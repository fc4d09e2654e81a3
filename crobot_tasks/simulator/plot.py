"""A picture of runs: utilisation and waiting jobs over time, and how long jobs waited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # before pyplot's parts are loaded: there is no screen

import numpy as np  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import FuncFormatter, PercentFormatter  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from crobot_tasks.simulator.report import Report, classes  # noqa: E402
from crobot_tasks.simulator.simulate import RULES, Run  # noqa: E402

#: told apart also by the colour-blind (Okabe and Ito)
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
DASHES = ("-", "--", ":", "-.")
#: shorter waits are drawn here: the axis is logarithmic
SHORTEST_WAIT_S = 1.0
_MARKS = {1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 36000: "10 h", 86400: "1 d", 864000: "10 d",
          8640000: "100 d"}  # fmt: skip


def plot(path: Path, title: str, runs: Sequence[tuple[Run, Report]]) -> None:
    """Draw the runs, one line style each, and write the file."""
    figure = Figure(figsize=(10, 11), layout="constrained")
    figure.suptitle(title)
    above, middle, below = figure.subplots(3, 1)
    unit_s, unit = _unit(max(report.makespan_s for _, report in runs))
    _utilisation(above, runs, unit_s)
    _waiting(middle, runs, unit_s)
    _waits(below, runs)
    for axes in (above, middle):
        axes.set_xlabel(f"time ({unit})")
    figure.savefig(path, dpi=120)


def _unit(seconds: float) -> tuple[float, str]:
    for size, name in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds > 3 * size:
            return size, name
    return 1.0, "seconds"


def _utilisation(axes: Axes, runs: Sequence[tuple[Run, Report]], unit_s: float) -> None:
    axes.set_title("Share of the cluster that is taken", loc="left", fontsize=10)
    for number, (_, report) in enumerate(runs):
        at = np.array(report.series.at_s) / unit_s
        name = RULES[report.rule] if len(runs) > 1 else "cores"
        axes.plot(at, report.series.cores, DASHES[number % 4], color=COLOURS[number % 6], label=name)
        if len(runs) == 1:
            axes.plot(at, report.series.memory, "--", color=COLOURS[1], label="memory")
    axes.axvline(runs[0][1].bound_s / unit_s, color="grey", linewidth=1, label="least possible time")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_ylim(0, 1.05)
    axes.set_xlim(0)
    axes.legend(loc="lower left", fontsize=8)
    axes.grid(alpha=0.3)


def _waiting(axes: Axes, runs: Sequence[tuple[Run, Report]], unit_s: float) -> None:
    axes.set_title("Jobs that wait, by priority class", loc="left", fontsize=10)
    for number, (_, report) in enumerate(runs):
        for colour, (name, waiting) in zip(COLOURS, report.series.waiting.items(), strict=False):
            label = name if len(runs) == 1 else f"{name}: {RULES[report.rule]}"
            at = np.array(report.series.at_s) / unit_s
            axes.plot(at, waiting, DASHES[number % 4], color=colour, label=label, linewidth=1)
    # from none to all in one picture
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(0)
    axes.set_xlim(0)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.legend(loc="best", fontsize=8)
    axes.grid(alpha=0.3)


def _waits(axes: Axes, runs: Sequence[tuple[Run, Report]]) -> None:
    axes.set_title("How long jobs waited: share that waited no longer than", loc="left", fontsize=10)
    longest = SHORTEST_WAIT_S * 60
    for number, (run, report) in enumerate(runs):
        for colour, (name, members) in zip(COLOURS, classes(run).items(), strict=False):
            waits, shares = _distribution(run.wait[members])
            longest = max(longest, waits[-1])
            label = f"{name} ({np.count_nonzero(members):,} jobs)"
            label = label if len(runs) == 1 else f"{name}: {RULES[report.rule]}"
            axes.plot(waits, shares, DASHES[number % 4], color=colour, label=label)
    axes.set_xscale("log")
    axes.set_xlim(SHORTEST_WAIT_S, longest * 1.2)
    marks = {at: text for at, text in _MARKS.items() if at <= longest * 1.2}
    axes.set_xticks(list(marks), list(marks.values()))
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_ylim(0, 1.03)
    axes.set_xlabel("waiting time (1 s or less at the left edge)")
    axes.legend(loc="best", fontsize=8)
    axes.grid(alpha=0.3)


def _distribution(waits: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return waits and the share of jobs up to each, at 500 points whatever the number of jobs."""
    shares = np.linspace(0.0, 1.0, 501)
    return np.maximum(np.quantile(waits, shares), SHORTEST_WAIT_S), shares
