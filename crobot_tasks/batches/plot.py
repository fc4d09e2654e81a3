"""A picture of a batch: how many of its jobs were in which state over time."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")  # before pyplot's parts are loaded: there is no screen

import numpy as np  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from crobot_errors import BadInput  # noqa: E402
from crobot_tasks.batches.standing import CACHED, UNSENT  # noqa: E402
from db.crobot import OVER, JobState  # noqa: E402

#: moments that are drawn, whatever the number of jobs
MOMENTS = 600
#: from below; told apart also by the colour-blind (Okabe and Ito)
COLOURS = {
    "complete": "#009E73",
    "failed": "#D55E00",
    "cancelled": "#999999",
    "running": "#0072B2",
    "waiting": "#56B4E9",
    "not sent yet": "#DDDDDD",
}

Numbers = NDArray[np.float64]


class Times:
    """When the jobs of a batch were sent, begun and over; a few bytes a job, so that a million fit."""

    def __init__(self) -> None:
        self._sent, self._begun = array("d"), array("d")
        self._over = {state: array("d") for state in OVER}
        self._unsent = 0

    def noted(self, items: Iterable[Any]) -> Iterator[Any]:
        """Note the times of items on their way to whoever else wants them."""
        for item in items:
            if item.sent_at is not None and item.state != CACHED:
                self._note(item)
            self._unsent += item.state == UNSENT
            yield item

    def _note(self, item: Any) -> None:
        self._sent.append(item.sent_at.timestamp())
        if item.finished_at is not None:
            ended = item.finished_at.timestamp()
            self._over[JobState(item.state)].append(ended)
        # one that was cancelled while it waited has never begun: it ends in the same moment
        if item.started_at is not None or item.finished_at is not None:
            self._begun.append((item.started_at or item.finished_at).timestamp())

    @property
    def jobs(self) -> int:
        """How many there are."""
        return len(self._sent)

    def until(self, now: datetime) -> tuple[Numbers, dict[str, Numbers]]:
        """Return moments (seconds since 1970), and how many jobs were in which state at each."""
        live = sum(map(len, self._over.values())) < self.jobs
        end = now.timestamp() if live else max(max(times, default=0.0) for times in self._over.values())
        moments = np.linspace(min(self._sent), max(end, min(self._sent) + 1.0), MOMENTS)
        sent, begun = _until(moments, self._sent), _until(moments, self._begun)
        over = {state: _until(moments, times) for state, times in self._over.items()}
        return moments, {
            "complete": over[JobState.COMPLETE],
            "failed": over[JobState.FAILED],
            "cancelled": over[JobState.CANCELLED],
            "running": np.maximum(begun - sum(over.values()), 0.0),
            "waiting": sent - begun,
            "not sent yet": self.jobs + self._unsent - sent,
        }


def plot(path: Path, title: str, times: Times, now: datetime) -> None:
    """Draw the picture.

    Raises:
        BadInput: no job was sent, or the file cannot be written.
    """
    if not times.jobs:
        raise BadInput(f"{path}: there is nothing to draw, since no job was sent")
    with mpl.rc_context({"date.converter": "concise"}):
        figure = _drawn(title, *times.until(now))
        try:
            figure.savefig(path, dpi=120)
        except OSError as error:
            raise BadInput(f"{path} cannot be written: {error.strerror}") from error


def _drawn(title: str, moments: Numbers, states: dict[str, Numbers]) -> Figure:
    drawn = {name: jobs for name, jobs in states.items() if jobs.any()}
    figure = Figure(figsize=(10, 5), layout="constrained")
    axes = figure.subplots()
    axes.stackplot(
        (1000 * moments).astype("datetime64[ms]"),
        list(drawn.values()),
        labels=[f"{name} ({jobs[-1]:,.0f})" if jobs[-1] else name for name, jobs in drawn.items()],
        colors=[COLOURS[name] for name in drawn],
    )
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_ylabel("jobs")
    axes.set_xlabel("time (UTC)")
    axes.margins(0)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    figure.legend(loc="outside right upper", fontsize=9, reverse=True)
    return figure


def _until(moments: Numbers, times: Iterable[float]) -> Numbers:
    """Return how many of the times are not after each moment."""
    return np.searchsorted(np.sort(np.asarray(times)), moments, side="right").astype(float)
