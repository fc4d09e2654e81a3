"""When a waiting job is likely to begin: the present, simulated with what is typical of each job; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from crobot_tasks.router import Cluster, JobView, NodeView, Policy, Queue, place
from crobot_tasks.simulator import running
from crobot_tasks.simulator.loop import Loop, Needs


def estimate_start(
    nodes: Iterable[NodeView],
    waiting: Iterable[JobView],
    used: Mapping[tuple[str, int], float],
    job_id: int,
    policy: Policy,
    now: float,
    events: int = 20_000,
) -> float | None:
    """Return when the job would begin if nothing else came and all took what is typical; on the clock of ``now``.

    Nothing that is given is changed. None if the job does not wait, can run nowhere, or has not begun after so many
    others did (``events``).
    """
    copies = [replace(node, load=dict(node.load)) for node in nodes]
    jobs = {job.id: job for job in waiting}
    if job_id not in jobs:
        return None
    rule = _Present(copies, jobs.values(), used, policy)
    ends = list(running.ends(copies, now))
    loop = Loop(running.sites(copies), _Typical(jobs), rule, ends)
    starts = loop.starts(_nothing_more(now))
    return next((at for job, _, at in islice(starts, events) if job == job_id), None)


def _nothing_more(now: float) -> Iterator[tuple[float, int]]:
    """The present itself is when something may begin, though nothing arrives."""
    yield now, _NOBODY


_NOBODY = -1


class _Typical:
    """Jobs that take what is typical of them."""

    def __init__(self, jobs: Mapping[int, JobView]) -> None:
        self._jobs = jobs

    def needs(self, job: int) -> Needs:
        kind = self._jobs[job].kind
        return kind.cores, kind.memory_bytes

    def duration_s(self, job: int) -> float:
        return self._jobs[job].kind.expected_s


class _Present:
    """The router, with all jobs waiting from the beginning."""

    def __init__(
        self,
        nodes: list[NodeView],
        waiting: Iterable[JobView],
        used: Mapping[tuple[str, int], float],
        policy: Policy,
    ) -> None:
        self._policy = policy
        self._numbers = {node.name: number for number, node in enumerate(nodes)}
        self._names = [node.name for node in nodes]
        self._cluster = Cluster(nodes, policy)
        self._queue = Queue(waiting, used, policy)

    def arrive(self, job: int, now: float) -> None:
        """Nobody comes."""

    def end(self, job: int, node: int, needs: Needs) -> None:
        self._cluster.end(self._names[node], job)

    def choose(self, now: float) -> Iterable[tuple[int, int]]:
        decision = place(self._cluster, self._queue, self._policy, now)
        return [(one.job_id, self._numbers[one.node]) for one in decision.placements]
