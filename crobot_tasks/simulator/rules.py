"""What places the jobs of a simulation: the head's router, and simple rules to compare it with."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from crobot_errors import BadSimulation
from crobot_tasks.router import Cluster, NodeView, Policy, Queue, place
from crobot_tasks.router.fit import by_reason, inability
from crobot_tasks.simulator.loop import Needs
from crobot_tasks.simulator.running import sites
from crobot_tasks.simulator.workload import Workload


def able_nodes(workload: Workload, nodes: Sequence[NodeView], policy: Policy) -> list[list[int]]:
    """Return, for each template, the numbers of the nodes that could run its jobs, were they empty.

    Raises:
        BadSimulation: none could.
    """
    able = []
    for template in workload.templates:
        unable = {node.name: inability(node, template.kind, policy) for node in nodes}
        able.append([number for number, node in enumerate(nodes) if not unable[node.name]])
        if not able[-1]:
            reasons = dict(list(unable.items())[:3])
            raise BadSimulation(
                f"{template.name} ({template.kind.pipeline}) can run on none of the nodes: {by_reason(reasons)}"
            )
    return able


class Router:
    """CRobot's own: the dispatcher's pure function. It sees what is typical of a job, never how long it runs."""

    def __init__(self, workload: Workload, nodes: Sequence[NodeView], policy: Policy) -> None:
        self._workload, self._policy = workload, policy
        self._names = [node.name for node in nodes]
        self._numbers = {node.name: number for number, node in enumerate(nodes)}
        self._cluster = Cluster([replace(node, load=dict(node.load)) for node in nodes], policy)
        self._queue = Queue([], {}, policy)

    def arrive(self, job: int, now: float) -> None:
        """A job waits from now on."""
        self._queue.add(self._workload.view(job, now))

    def end(self, job: int, node: int, needs: Needs) -> None:
        """A job that ran on this node ended, and gave this back."""
        # what ran before has a negative number, which is its id
        self._cluster.end(self._names[node], job + 1 if job >= 0 else job)

    def choose(self, now: float) -> Iterable[tuple[int, int]]:
        """Return jobs and the numbers of the nodes that they go to now."""
        decision = place(self._cluster, self._queue, self._policy, now)
        return [(placement.job_id - 1, self._numbers[placement.node]) for placement in decision.placements]


class _AtOnce:
    """A rule that binds each job to a node as soon as it arrives; there it waits in a queue of the node's own."""

    def __init__(self, workload: Workload, able: Sequence[Sequence[int]]) -> None:
        self._workload, self._able = workload, able
        self._new: list[tuple[int, int]] = []

    def arrive(self, job: int, now: float) -> None:
        """A job waits from now on."""
        self._new.append((job, self._node(self._able[self._workload.template_of(job)])))

    def end(self, job: int, node: int, needs: Needs) -> None:
        """A job that ran on this node ended, and gave this back."""

    def choose(self, now: float) -> Iterable[tuple[int, int]]:
        """Return jobs and the numbers of the nodes that they go to now."""
        chosen, self._new = self._new, []
        return chosen

    def _node(self, able: Sequence[int]) -> int:
        raise NotImplementedError


class RoundRobin(_AtOnce):
    """Each job to the next node of those that can run it."""

    _turn = -1

    def _node(self, able: Sequence[int]) -> int:
        self._turn += 1
        return able[self._turn % len(able)]


class AtRandom(_AtOnce):
    """Each job to any node of those that can run it."""

    def __init__(self, workload: Workload, able: Sequence[Sequence[int]], seed: int = 1) -> None:
        super().__init__(workload, able)
        self._random = random.Random(seed)

    def _node(self, able: Sequence[int]) -> int:
        return able[int(self._random.random() * len(able))]


class OneQueue:
    """One queue for all, strictly first come, first served, to the node with the most free cores."""

    def __init__(self, workload: Workload, able: Sequence[Sequence[int]], nodes: Sequence[NodeView]) -> None:
        self._workload = workload
        self._able = [frozenset(numbers) for numbers in able]
        self._free = [[site.cores, site.memory_bytes] for site in sites(nodes)]
        self._queue: deque[int] = deque()
        self._changed: set[int] = set()

    def arrive(self, job: int, now: float) -> None:
        """A job waits from now on."""
        self._queue.append(job)
        if len(self._queue) == 1:
            self._changed.update(range(len(self._free)))

    def end(self, job: int, node: int, needs: Needs) -> None:
        """A job that ran on this node ended, and gave this back."""
        self._take(node, needs, -1)
        self._changed.add(node)

    def choose(self, now: float) -> Iterable[tuple[int, int]]:
        """Return jobs and the numbers of the nodes that they go to now."""
        chosen = []
        while self._queue and (best := self._best(self._queue[0])) is not None:
            chosen.append((self._queue.popleft(), best))
            self._take(best, self._workload.needs(chosen[-1][0]), 1)
            # for the next one, nothing is known of any node
            self._changed.update(range(len(self._free)))
        self._changed.clear()
        return chosen

    def _best(self, job: int) -> int | None:
        """The first of the queue was refused by all nodes but those where something changed since."""
        cores, memory_bytes = self._workload.needs(job)
        able = self._able[self._workload.template_of(job)]
        fitting = [
            (self._free[node][0], -node)
            for node in self._changed
            if node in able and self._free[node][0] >= cores and self._free[node][1] >= memory_bytes
        ]
        return -max(fitting)[1] if fitting else None

    def _take(self, node: int, needs: Needs, sign: int) -> None:
        self._free[node][0] -= sign * needs[0]
        self._free[node][1] -= sign * needs[1]
