"""What a run came to: makespan and bound, waiting times, utilisation over time; prints nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crobot_tasks.simulator.bound import bound
from crobot_tasks.simulator.simulate import Run

#: points of the series over time
POINTS = 300
#: a shorter job is counted as if it took so long, or waiting a second would slow a no-op a thousandfold
SHORTEST_S = 10.0


@dataclass(frozen=True)
class Waits:
    """How long the jobs of a group waited, in seconds, and by what factor that made them slower."""

    name: str
    jobs: int
    mean_s: float
    p50_s: float
    p95_s: float
    max_s: float
    slowdown_p50: float
    slowdown_p95: float


@dataclass(frozen=True)
class Stretch:
    """When the jobs of a stream began and ended, in seconds."""

    name: str
    jobs: int
    first_start_s: float
    last_end_s: float
    endless: bool


@dataclass(frozen=True)
class Series:
    """What was going on, at evenly spaced times in seconds."""

    at_s: list[float]
    #: share of the cores and of the memory that was taken on average since the point before
    cores: list[float]
    memory: list[float]
    #: class → jobs that were waiting
    waiting: dict[str, list[int]]


@dataclass(frozen=True)
class Report:
    """The figures of a run; times in seconds."""

    rule: str
    jobs: int
    #: jobs that could not begin; the other figures are without them
    not_begun: int
    makespan_s: float
    bound_s: float
    bound_by: str
    #: makespan as a multiple of the bound
    ratio: float
    #: share of all cores, and of all memory, that was taken until the end, on average
    cores_used: float
    memory_used: float
    classes: list[Waits]
    workgroups: list[Waits]
    streams: list[Stretch]
    decisions: int
    decisions_per_s: float
    wall_s: float
    series: Series

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def report(run: Run) -> Report:
    """Return the figures of a run."""
    workload, begun, end = run.workload, run.begun, run.end
    counted = begun & workload.counted
    makespan = float(end[counted].max(initial=0.0))
    least = bound(run, begun & (workload.counted | (end <= makespan)))
    series = _series(run, makespan)
    arrived = begun | workload.counted
    return Report(
        rule=run.rule,
        jobs=int(np.count_nonzero(begun)),
        not_begun=int(np.count_nonzero(arrived & ~begun)),
        makespan_s=makespan,
        bound_s=least.seconds,
        bound_by=least.by,
        ratio=makespan / least.seconds if least.seconds else 1.0,
        cores_used=float(np.mean(series.cores)) if series.cores else 0.0,
        memory_used=float(np.mean(series.memory)) if series.memory else 0.0,
        classes=list(_waits(run, classes(run))),
        workgroups=list(_waits(run, _workgroups(run))),
        streams=list(_stretches(run)),
        decisions=run.decisions,
        decisions_per_s=run.decisions / run.deciding_s if run.deciding_s else 0.0,
        wall_s=run.wall_s,
        series=series,
    )


def classes(run: Run) -> dict[str, NDArray[np.bool_]]:
    """Priority class → which of the jobs that began are of it, the most urgent first; those without jobs left out."""
    priority = run.workload.per_template([template.priority for template in run.workload.templates])
    found, above = {}, -1
    for one in run.policy.classes:
        members = run.begun & (priority > above) & (priority <= one.upto)
        if members.any():
            found[one.name] = members
        above = one.upto
    return found


def _workgroups(run: Run) -> dict[str, NDArray[np.bool_]]:
    names = [template.workgroup for template in run.workload.templates]
    found = {
        name: run.begun & run.workload.per_template([one == name for one in names]).astype(bool)
        for name in sorted(set(names))
    }
    return {name or "(none)": members for name, members in found.items() if members.any()}


def _stretches(run: Run) -> Iterator[Stretch]:
    for number, template in enumerate(run.workload.templates):
        members = run.begun & (run.workload.template_number == number)
        if members.any():
            first, last = float(run.start[members].min()), float(run.end[members].max())
            yield Stretch(template.name, int(np.count_nonzero(members)), first, last, template.endless)


def _waits(run: Run, groups: Mapping[str, NDArray[np.bool_]]) -> Iterator[Waits]:
    wait, took = run.wait, np.maximum(run.workload.duration, SHORTEST_S)
    for name, members in groups.items():
        waits, slowdown = wait[members], (wait[members] + took[members]) / took[members]
        p50, p95 = (float(value) for value in np.percentile(waits, (50, 95)))
        slower50, slower95 = (float(value) for value in np.percentile(slowdown, (50, 95)))
        mean, longest = float(waits.mean()), float(waits.max())
        yield Waits(name, len(waits), mean, p50, p95, longest, slower50, slower95)


def _series(run: Run, until_s: float) -> Series:
    if not until_s:
        return Series([], [], [], {})
    at = np.linspace(0.0, until_s, POINTS + 1)
    cores = _taken(run, 0, at) / sum(node.cores for node in run.nodes)
    memory = _taken(run, 1, at) / sum(node.memory_bytes for node in run.nodes)
    return Series(
        at_s=at[1:].tolist(),
        cores=cores.tolist(),
        memory=memory.tolist(),
        waiting={name: _waiting(run, members, at[1:]).tolist() for name, members in classes(run).items()},
    )


def _taken(run: Run, what: int, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of what was taken between each two times: cores (0) or bytes (1)."""
    begun, before = run.begun, run.before
    amount = run.workload.per_template([needs[what] for needs in run.workload.needs_of_templates])
    amounts = np.concatenate((amount[begun], [float(needs[what]) for _, _, _, needs in before]))
    starts = np.concatenate((run.start[begun], np.zeros(len(before))))
    ends = np.concatenate((run.end[begun], [end[0] for end in before]))
    return np.diff(_integral(starts, amounts, at) - _integral(ends, amounts, at)) / np.diff(at)


def _integral(
    times: NDArray[np.float64], amounts: NDArray[np.float64], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the sum of amount x (at - time) over all times before each ``at``."""
    order = np.argsort(times)
    ordered, amount = times[order], amounts[order]
    before = np.searchsorted(ordered, at)
    total = np.concatenate(([0.0], np.cumsum(amount)))[before]
    moment = np.concatenate(([0.0], np.cumsum(amount * ordered)))[before]
    return np.asarray(total * at - moment, dtype=np.float64)


def _waiting(run: Run, members: NDArray[np.bool_], at: NDArray[np.float64]) -> NDArray[np.int64]:
    came = np.searchsorted(np.sort(run.workload.arrival[members]), at, side="right")
    went = np.searchsorted(np.sort(run.start[members]), at, side="right")
    return np.asarray(came - went, dtype=np.int64)
