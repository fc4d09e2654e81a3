"""Streams of jobs: their numbers, durations and arrivals, drawn at random; the same seed, the same jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, log
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from crobot_errors import BadSimulation
from crobot_tasks.simulator.workload import JobTemplate, Workload

Floats = NDArray[np.float64]
#: how many standard deviations the 90th percentile of a normal distribution lies above its median
P90 = 1.2815515655446004


class Durations(Protocol):
    """How long jobs run."""

    @property
    def typical_s(self) -> float:
        """The median: what the router expects."""

    @property
    def mean_s(self) -> float:
        """The mean."""

    def draw(self, random: np.random.Generator, number: int) -> Floats:
        """Return so many durations in seconds."""


@dataclass(frozen=True)
class Lognormal:
    """Most are near the median, and some take very long, but none longer than ``longest_s``."""

    median_s: float
    p90_s: float
    longest_s: float = float("inf")

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm; 0: all take the same time."""
        return log(self.p90_s / self.median_s) / P90

    @property
    def typical_s(self) -> float:
        """The median: what the router expects."""
        return self.median_s

    @property
    def mean_s(self) -> float:
        """The mean, were there no longest."""
        return self.median_s * exp(self.sigma**2 / 2)

    def draw(self, random: np.random.Generator, number: int) -> Floats:
        """Return so many durations in seconds."""
        drawn = self.median_s * np.exp(self.sigma * random.standard_normal(number))
        return np.minimum(drawn, self.longest_s)


@dataclass(frozen=True)
class Measured:
    """Durations that jobs really took, each as likely as the others."""

    seconds: Sequence[float]

    @property
    def typical_s(self) -> float:
        """The median: what the router expects."""
        return float(np.median(self.seconds))

    @property
    def mean_s(self) -> float:
        """The mean."""
        return float(np.mean(self.seconds))

    def draw(self, random: np.random.Generator, number: int) -> Floats:
        """Return so many durations in seconds."""
        return random.choice(np.asarray(self.seconds, dtype=np.float64), number)


@dataclass(frozen=True)
class Arrivals:
    """When jobs come: from ``from_s`` on, all at once if the mean time between them is 0, else one by one."""

    from_s: float = 0.0
    apart_s: float = 0.0
    #: as calls come in, independent of each other; else one after the other like a clock
    irregular: bool = False

    def draw(self, random: np.random.Generator, number: int) -> Floats:
        """Return so many times in seconds, in order."""
        if self.irregular:
            apart = random.exponential(self.apart_s, number)
        else:
            apart = np.full(number, self.apart_s)
            apart[:1] = 0.0
        return np.asarray(self.from_s + np.cumsum(apart), dtype=np.float64)

    def number_until(self, at_s: float) -> int:
        """Return how many may come until then, rather too many than too few."""
        expected = max(0.0, at_s - self.from_s) / self.apart_s
        return ceil(expected + 6 * expected**0.5) + 1


@dataclass(frozen=True)
class Stream:
    """Jobs made from one template, sent by some users."""

    template: JobTemplate
    durations: Durations
    arrivals: Arrivals
    #: how many, or None: as many as come until ``until_s`` or, of an endless stream, until all other jobs are done
    jobs: int | None
    until_s: float | None = None
    users: int = 1

    def number(self, horizon_s: float) -> int:
        """Return how many jobs have to be drawn."""
        return self.jobs if self.jobs is not None else self.arrivals.number_until(self.until_s or horizon_s)


def draw(streams: Sequence[Stream], cores: int, seed: int) -> Workload:
    """Draw all jobs of the streams, for a cluster of so many cores.

    Raises:
        BadSimulation: the endless streams alone are more than the cluster can do.
    """
    random = np.random.default_rng(seed)
    horizon_s = _horizon_s(streams, cores)
    parts, first_user = [], 1
    for number, stream in enumerate(streams):
        parts.append(_draw_one(random, stream, number, first_user, horizon_s))
        first_user += stream.users
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Workload([stream.template for stream in streams], *columns)


def _draw_one(
    random: np.random.Generator, stream: Stream, template_number: int, first_user: int, horizon_s: float
) -> tuple[NDArray[np.int32], Floats, Floats, NDArray[np.int64]]:
    number = stream.number(horizon_s)
    arrival = stream.arrivals.draw(random, number)
    if stream.jobs is None:
        arrival = arrival[arrival <= (stream.until_s or horizon_s)]
    number = len(arrival)
    user = random.integers(first_user, first_user + stream.users, number)
    return (
        np.full(number, template_number, dtype=np.int32),
        arrival,
        stream.durations.draw(random, number),
        user,
    )


def _horizon_s(streams: Sequence[Stream], cores: int) -> float:
    """Return the time by which the counted jobs are surely done: endless streams are drawn until then."""
    endless = [stream for stream in streams if stream.template.endless]
    if not endless:
        return 0.0
    counted = [stream for stream in streams if not stream.template.endless]
    load = sum(_work(stream) / stream.arrivals.apart_s for stream in endless)
    if load >= 0.95 * cores:
        names = ", ".join(stream.template.name for stream in endless)
        raise BadSimulation(
            f"the endless streams ({names}) keep {load:.0f} of {cores} cores busy, so nothing else would ever be done: "
            "give them a number of jobs or for_h, or give the cluster more nodes"
        )
    work = sum(_work(stream) * stream.number(0.0) for stream in counted)
    last = max(stream.arrivals.from_s + stream.number(0.0) * stream.arrivals.apart_s for stream in counted)
    longest = max(100 * stream.durations.mean_s for stream in counted)
    return last + longest + 1.5 * work / (cores - load)


def _work(stream: Stream) -> float:
    """Core-seconds of a job, on average."""
    return stream.template.kind.cores * stream.durations.mean_s
