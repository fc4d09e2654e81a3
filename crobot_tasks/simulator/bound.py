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
    workload, counted = run.workload, jobs & run.workload.counted
    if not counted.any():
        return Bound(0.0, "nothing to do")
    cores = sum(node.cores for node in run.nodes if not node.closed)
    memory = sum(node.memory_bytes for node in run.nodes if not node.closed)
    alone = (workload.arrival + workload.duration)[counted]
    bounds = [
        Bound(_work_bound(workload.arrival, workload.core_seconds / cores, jobs, counted), "cores"),
        Bound(_work_bound(workload.arrival, workload.byte_seconds / memory, jobs, counted), "memory"),
        Bound(float(alone.max()), "the job that would end last if all began when they came"),
    ]
    return max(bounds, key=lambda one: one.seconds)


def _work_bound(
    arrival: NDArray[np.float64],
    alone_s: NDArray[np.float64],
    jobs: NDArray[np.bool_],
    counted: NDArray[np.bool_],
) -> float:
    """All the work takes its time; and whatever was done before, so does what comes from some time on.

    The latter holds for counted jobs only: endless ones come until the end, whenever that is.
    """
    still_to_do = np.cumsum(alone_s[counted][::-1])[::-1]
    return max(float(alone_s[jobs].sum()), float((arrival[counted] + still_to_do).max()))
