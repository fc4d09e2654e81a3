"""What users are promised, on small clusters under a stream of urgent short jobs and one of large ones."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from crobot_tasks.router.policy import read
from crobot_tasks.simulator.simulate import Run, simulate
from crobot_tasks.simulator.streams import Arrivals, Lognormal, Stream, draw
from tests.unit.crobot_tasks.simulator.cases import node, template

SEARCH_S, ASSEMBLY_S = 2.0, 240.0
SHARE = 0.25
AFTER_S = 300.0
#: for so long urgent jobs come
UNTIL_S = 3600.0
CLUSTERS = pytest.mark.parametrize("nodes", [1, 2, 12])


def searches(cores: int, used: float) -> Stream:
    """Urgent jobs that come at random, and use this part of the cores."""
    apart_s = SEARCH_S / (used * cores)
    arrivals = Arrivals(apart_s=apart_s, irregular=True)
    durations = Lognormal(SEARCH_S, SEARCH_S)
    return Stream(
        template("searches", 1, expected_s=SEARCH_S, priority=1), durations, arrivals, None, UNTIL_S
    )


def assemblies(arrivals: Arrivals, number: int) -> Stream:
    one = template("assemblies", 2, expected_s=ASSEMBLY_S, priority=5)
    return Stream(one, Lognormal(ASSEMBLY_S, ASSEMBLY_S), arrivals, number)


def run(nodes: int, share: float, *streams: Stream) -> Run:
    policy = read(f"[reservation]\nafter_s = {AFTER_S}\nmost = 12\nurgent_share = {share}")
    return simulate(draw(streams, 2 * nodes, seed=1), [node(f"n{n}", 2) for n in range(nodes)], policy)


@CLUSTERS
def test_a_flood_of_urgent_jobs_delays_a_reserved_job_by_no_more_than_its_share(nodes: int) -> None:
    found = run(nodes, SHARE, searches(2 * nodes, used=1.3), assemblies(Arrivals(from_s=600.0), nodes))
    waited = found.wait[found.workload.template_number == 1]
    # what runs when a node is reserved ends first, and a moment passes until somebody overtakes
    assert waited.min() >= AFTER_S + SHARE * ASSEMBLY_S
    assert waited.max() <= AFTER_S + SHARE * ASSEMBLY_S + 3 * SEARCH_S


@CLUSTERS
def test_urgent_jobs_wait_about_as_long_as_one_large_job_takes_however_many_of_those_wait(nodes: int) -> None:
    streams = searches(2 * nodes, used=0.15), assemblies(Arrivals(), 10 * nodes)
    before, now = (urgent_waits(run(nodes, share, *streams)) for share in (0, SHARE))
    assert now.max() <= ASSEMBLY_S + 3 * SEARCH_S < before.max()


def urgent_waits(found: Run) -> NDArray[np.float64]:
    return found.wait[found.workload.template_number == 0]
