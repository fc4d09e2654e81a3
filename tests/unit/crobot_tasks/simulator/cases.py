"""Small clusters and workloads for tests of the simulator; times in seconds, memory in GiB."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crobot_tasks.router import Kind, NodeView
from crobot_tasks.simulator.workload import JobTemplate, Workload

GIB = 1024**3


def node(name: str, cores: int = 4, memory_gib: int = 64, *pipelines: str) -> NodeView:
    offers = dict.fromkeys(pipelines or ("p",), "")
    return NodeView(name, cores, memory_gib * GIB, 1000 * GIB, offers)


def template(
    name: str = "jobs",
    cores: int = 1,
    memory_gib: int = 1,
    expected_s: float = 100.0,
    priority: int = 5,
    workgroup: str = "",
    pipeline: str = "p",
) -> JobTemplate:
    kind = Kind(pipeline, "", cores, memory_gib * GIB, expected_s=expected_s)
    return JobTemplate(name, kind, priority, workgroup)


def workload(templates: Sequence[JobTemplate], *jobs: tuple[int, float, float]) -> Workload:
    """Jobs as (number of the template, arrival, duration)."""
    numbers, arrivals, durations = zip(*jobs, strict=True)
    return Workload(
        templates,
        np.array(numbers, dtype=np.int32),
        np.array(arrivals, dtype=np.float64),
        np.array(durations, dtype=np.float64),
        np.ones(len(jobs), dtype=np.int64),
    )
