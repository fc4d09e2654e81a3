"""Run a workload on a cluster by one of the rules, and keep what happened: a start and a node for each job."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from crobot_tasks.router import NodeView, Policy
from crobot_tasks.simulator import running
from crobot_tasks.simulator.loop import End, Loop, Rule
from crobot_tasks.simulator.rules import AtRandom, OneQueue, RoundRobin, Router, able_nodes
from crobot_tasks.simulator.workload import Workload

#: name → what it does, in the words of a table
RULES = {
    "crobot": "CRobot's router",
    "round-robin": "round robin, a queue for each node",
    "fifo": "one queue, first come, first served",
    "random": "a random node, a queue for each",
}


@dataclass(frozen=True)
class Run:
    """What came of it; times in seconds of the simulation, NaN and -1 for a job that never began."""

    rule: str
    workload: Workload
    nodes: Sequence[NodeView]
    policy: Policy
    start: NDArray[np.float64]
    node: NDArray[np.int32]
    #: what ran there before
    before: Sequence[End]
    #: choices of a node, and the seconds that the rule took for them
    decisions: int
    deciding_s: float
    #: how long the simulation took
    wall_s: float

    @property
    def end(self) -> NDArray[np.float64]:
        """Return when each job ended."""
        return self.start + self.workload.duration

    @property
    def wait(self) -> NDArray[np.float64]:
        """Return how long each job waited."""
        return self.start - self.workload.arrival

    @property
    def begun(self) -> NDArray[np.bool_]:
        """Which jobs began at all."""
        return self.node >= 0


class _Timed:
    """A rule, with a stop-watch and a counter."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self.decisions, self.seconds = 0, 0.0
        self.arrive, self.end = rule.arrive, rule.end

    def choose(self, now: float) -> Iterable[tuple[int, int]]:
        """Let the rule choose."""
        began = time.perf_counter()
        chosen = list(self._rule.choose(now))
        self.seconds += time.perf_counter() - began
        self.decisions += len(chosen)
        return chosen


def simulate(
    workload: Workload, nodes: Sequence[NodeView], policy: Policy, rule: str = "crobot", seed: int = 1
) -> Run:
    """Run the workload to its end; the nodes are left as they were.

    Raises:
        BadSimulation: a line of jobs can run on none of the nodes.
    """
    began = time.perf_counter()
    able = able_nodes(workload, nodes, policy)
    timed = _Timed(_rule(rule, workload, nodes, policy, able, seed))
    start, node = _starts(workload, nodes, timed)
    return Run(
        rule, workload, nodes, policy, start, node, list(running.ends(nodes, 0.0)),
        timed.decisions, timed.seconds, time.perf_counter() - began,
    )  # fmt: skip


def _rule(
    name: str,
    workload: Workload,
    nodes: Sequence[NodeView],
    policy: Policy,
    able: Sequence[Sequence[int]],
    seed: int,
) -> Rule:
    if name == "round-robin":
        return RoundRobin(workload, able)
    if name == "random":
        return AtRandom(workload, able, seed)
    if name == "fifo":
        return OneQueue(workload, able, nodes)
    return Router(workload, nodes, policy)


def _starts(
    workload: Workload, nodes: Sequence[NodeView], rule: Rule
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Run the loop; return each job's start and node."""
    start, node = array("d", [nan]) * len(workload), array("i", [-1]) * len(workload)
    counted = workload.counted.tobytes()
    left = sum(counted)

    def arrivals() -> Iterator[tuple[float, int]]:
        # endless lines end when the last of the other jobs has begun
        for at, job in workload.arrivals():
            if not left:
                return
            yield at, job

    loop = Loop(running.sites(nodes), workload, rule, running.ends(nodes, 0.0))
    for job, number, now in loop.starts(arrivals()):
        start[job], node[job] = now, number
        left -= counted[job]
    return np.array(start, dtype=np.float64), np.array(node, dtype=np.int32)
