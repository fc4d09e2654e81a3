"""The pure choice: (cluster, queue, policy, now) → placements and reservations; no database, no clock, no Celery."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from crobot_tasks.router.cluster import Cluster
from crobot_tasks.router.fit import by_reason, has_room, inability, may_queue, refusal
from crobot_tasks.router.order import Queue
from crobot_tasks.router.policy import Policy
from crobot_tasks.router.reserve import Reservations
from crobot_tasks.router.views import JobView, Kind, Load, NodeView, Placement, Reservation


@dataclass
class Decision:
    """What one call decided."""

    placements: list[Placement] = field(default_factory=list)
    reservations: list[Reservation] = field(default_factory=list)


class Fitness(NamedTuple):
    """How well a node suits a job; the least is the best."""

    #: another node may do what this one could not; but a job never waits for that
    failed: bool
    #: behind other jobs, instead of at once
    queues: bool
    #: tags that the pipeline prefers, each counts -1
    preferred: int
    #: data of the job that it has in hand, each counts -1
    data: int
    #: cores that would be free, each counts -1: jobs share nodes as late as possible
    free_cores: int
    name: str


def place(cluster: Cluster, queue: Queue, policy: Policy, now: float, limit: int | None = None) -> Decision:
    """Move jobs from the queue to the cluster, in their turn, until nothing more fits or ``limit`` jobs are placed."""
    return _Placing(cluster, queue, policy, now).run(limit)


class _Placing:
    """One call."""

    def __init__(self, cluster: Cluster, queue: Queue, policy: Policy, now: float) -> None:
        self.cluster, self.queue, self.policy, self.now = cluster, queue, policy, now
        cluster.touched.clear()
        self.refused: set[Kind] = set()
        self.reservations = Reservations(cluster, now)
        self.placements: list[Placement] = []
        self._choices: dict[Kind, _Choice] = {}

    def run(self, limit: int | None) -> Decision:
        self._renew_reservations()
        if self.cluster.open and len(self.placements) != limit:
            for job in self.queue.in_turn(self.refused):
                node = self._best(job)
                if node is None:
                    self.refused.add(job.kind)
                    self._reserve(job)
                    continue
                self._place(job, node)
                if not self.cluster.open or len(self.placements) == limit:
                    break
        return Decision(self.placements, [kept.reservation for kept in self.reservations.kept.values()])

    def _renew_reservations(self) -> None:
        """Jobs with a reservation come first where it is; nobody else may have that room."""
        for job in list(self.queue.reserved.values()):
            if not self.reservations.renew(job):
                self.queue.replace(replace(job, reserved_on=None))
                continue
            node = self.cluster.nodes[job.reserved_on or ""]
            if has_room(node, job.kind):
                del self.reservations.kept[node.name]
                self._place(job, node)

    def _reserve(self, job: JobView) -> None:
        """Keep a node for a job that is the first of its kind in turn, fits nowhere, and has waited for long."""
        rules = self.policy.reservation
        if self.now - job.waiting_since < rules.after_s or len(self.reservations.kept) >= rules.most:
            return
        if not job.reserved_on and (name := self.reservations.make(job)):
            self.queue.replace(replace(job, reserved_on=name))

    def _best(self, job: JobView) -> NodeView | None:
        choice = self._choices.get(job.kind)
        if choice is None:
            choice = self._choices[job.kind] = _Choice(self, job.kind)
        return choice.best(job)

    def fitness(self, node: NodeView, job: JobView) -> Fitness | None:
        """Return how well the node suits the job now; None if it does not take it."""
        kind = job.kind
        queues = not has_room(node, kind)
        if queues and not may_queue(node, kind, self.policy):
            return None
        if not self.reservations.lets(node.name, job):
            return None
        return Fitness(
            node.name in job.failed_on,
            queues,
            -len(self.policy.rule_of(kind.pipeline).prefers & node.tags),
            -len(job.data & node.holds),
            kind.cores - node.free_cores,
            node.name,
        )

    def _place(self, job: JobView, node: NodeView) -> None:
        kind = job.kind
        fitness = self.fitness(node, job)
        self.placements.append(Placement(job.id, node.name, _reason(node, fitness)))
        if kept := self.reservations.kept.get(node.name):
            kept.fill(kind, self.now)
        load = Load(job.id, kind.cores, kind.memory_bytes, kind.disk_bytes, kind.expected_s, self.now,
                    job.workgroup, job.user_id)  # fmt: skip
        self.cluster.start(node.name, load)
        self.queue.remove(job.id)
        self.queue.charge(job)


class _Choice:
    """The open nodes for one kind of job, the best on top; put right as their load changes."""

    def __init__(self, placing: _Placing, kind: Kind) -> None:
        self._placing, self._cluster = placing, placing.cluster
        #: such a job, without anything of its own
        self._any = JobView(0, kind)
        self._able = {
            name
            for name in self._cluster.open
            if not inability(self._cluster.nodes[name], kind, placing.policy)
        }
        found = (self._fitness(name, self._any) for name in self._able)
        self._heap = [one for one in found if one is not None]
        heapify(self._heap)
        self._seen = len(self._cluster.touched)

    def best(self, job: JobView) -> NodeView | None:
        """Return the node that suits the job best; None if none takes it."""
        top = self._top()
        if top is None:
            return None
        if top.name in job.failed_on:
            return self._best_of(job, self._able)
        near = (self._cluster.holders(job.data) & self._able) if job.data else set()
        return self._best_of(job, near | {top.name}) if near else self._cluster.nodes[top.name]

    def _best_of(self, job: JobView, names: set[str]) -> NodeView | None:
        found = [one for name in names if (one := self._fitness(name, job))]
        return self._cluster.nodes[min(found).name] if found else None

    def _top(self) -> Fitness | None:
        for name in self._cluster.touched[self._seen :]:
            if name in self._able and (fitness := self._fitness(name, self._any)):
                heappush(self._heap, fitness)
        self._seen = len(self._cluster.touched)
        while self._heap:
            top = self._heap[0]
            if top == self._fitness(top.name, self._any):
                return top
            heappop(self._heap)
        return None

    def _fitness(self, name: str, job: JobView) -> Fitness | None:
        return self._placing.fitness(self._cluster.nodes[name], job)


def _reason(node: NodeView, fitness: Fitness | None) -> str:
    assert fitness is not None
    reasons = [f"{node.free_cores} of {node.cores} cores free"]
    if fitness.queues:
        reasons = [f"{len(node.load)} short jobs ahead of it"]
    if fitness.preferred:
        reasons.append("has what the pipeline prefers")
    if fitness.data:
        reasons.append("has its data in hand")
    if fitness.failed:
        reasons.append("it failed there before, but no other node can take it now")
    return ", ".join(reasons)


def verdicts(cluster: Cluster, job: JobView, policy: Policy, now: float) -> dict[str, str]:
    """Node → why it does not take the job now; empty if it does."""
    return {name: refusal(node, job.kind, policy) for name, node in cluster.nodes.items()}


def why_waiting(cluster: Cluster, job: JobView, policy: Policy, now: float) -> str:
    """Say, in one line, why the job waits."""
    if not cluster.nodes:
        return "no calculation node has ever reported; start one with `crobot node --name NAME`"
    unable = {name: inability(node, job.kind, policy) for name, node in cluster.nodes.items()}
    if all(unable.values()):
        return f"no node offers {job.kind.pipeline}: {by_reason(unable)}"
    now_refused = verdicts(cluster, job, policy, now)
    able = {name: why for name, why in now_refused.items() if not unable[name]}
    if all(able.values()):
        return "waiting for a free place: " + by_reason(able)
    free = next(name for name, why in able.items() if not why)
    return f"about to be placed on {free}, if no other's turn comes first"
