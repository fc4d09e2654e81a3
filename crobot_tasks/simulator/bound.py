"""The least time that any rule needs for a workload on a cluster, and what it is that needs it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crobot_tasks.simulator.simulate import Run


@dataclass(frozen=True)
class Bound:
    """A time in seconds that no rule undercuts, and why."""

    seconds: float
    by: str


def bound(run: Run, jobs: NDArray[np.bool_]) -> Bound:
    """Return the bound for these jobs: their work on all cores, or in all memory, or the one that ends last alone."""
    workload = run.workload
    arrival = workload.arrival[jobs]
    if not len(arrival):
        return Bound(0.0, "nothing to do")
    cores = sum(node.cores for node in run.nodes if not node.closed)
    memory = sum(node.memory_bytes for node in run.nodes if not node.closed)
    alone = (workload.arrival + workload.duration)[jobs & workload.counted]
    bounds = [
        Bound(_work_bound(arrival, workload.core_seconds[jobs] / cores), "cores"),
        Bound(_work_bound(arrival, workload.byte_seconds[jobs] / memory), "memory"),
        Bound(float(alone.max(initial=0.0)), "the job that would end last if all began when they came"),
    ]
    return max(bounds, key=lambda one: one.seconds)


def _work_bound(arrival: NDArray[np.float64], alone_s: NDArray[np.float64]) -> float:
    """Whatever was done before: what comes from some time on takes at least its work from that time on."""
    still_to_do = np.cumsum(alone_s[::-1])[::-1]
    return float((arrival + still_to_do).max())
