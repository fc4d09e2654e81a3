"""When a waiting job is likely to begin: the present, simulated with what is typical of each job; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice

from crobot_tasks.router import Cluster, JobView, Policy, Queue, place
from crobot_tasks.simulator import running
from crobot_tasks.simulator.loop import Loop, Needs

#: stands for no job: the present itself is a moment when something may begin
NOBODY = -1


@dataclass(frozen=True)
class Start:
    """Where and when a job would begin."""

    job_id: int
    node: str
    #: on the clock of ``now``
    at: float


def estimate_start(
    cluster: Cluster, queue: Queue, job_id: int, policy: Policy, now: float, events: int = 20_000
) -> float | None:
    """Return when the job would begin if nothing else came and all took what is typical; on the clock of ``now``.

    Nothing that is given is changed. None if the job does not wait, can run nowhere, or has not begun after so many
    others did (``events``).
    """
    if all(job.id != job_id for job in queue):
        return None
    starts = estimate_starts(cluster, queue, policy, now, events)
    return next((start.at for start in starts if start.job_id == job_id), None)


def estimate_starts(
    cluster: Cluster, queue: Queue, policy: Policy, now: float, events: int
) -> Iterator[Start]:
    """Yield where and when the waiting jobs would begin, the first first, up to so many; as `estimate_start`."""
    jobs = {job.id: job for job in queue}
    present = cluster.copy()
    nodes = list(present.nodes.values())
    loop = Loop(
        running.sites(nodes),
        _Typical(jobs),
        _Present(present, deepcopy(queue), policy),
        running.ends(nodes, now),
    )
    for job, node, at in islice(loop.starts([(now, NOBODY)]), events):
        yield Start(job, nodes[node].name, at)


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

    def __init__(self, cluster: Cluster, queue: Queue, policy: Policy) -> None:
        self._cluster, self._queue, self._policy = cluster, queue, policy
        self._names = list(cluster.nodes)
        self._numbers = {name: number for number, name in enumerate(self._names)}

    def arrive(self, job: int, now: float) -> None:
        """Nobody comes."""

    def end(self, job: int, node: int, needs: Needs) -> None:
        self._cluster.end(self._names[node], job)

    def choose(self, now: float) -> Iterable[tuple[int, int]]:
        decision = place(self._cluster, self._queue, self._policy, now)
        return [(one.job_id, self._numbers[one.node]) for one in decision.placements]
