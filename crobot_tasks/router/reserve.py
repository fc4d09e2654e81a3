"""Nodes that are kept free for jobs which others overtook for too long, and what may fill the gap meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from crobot_tasks.router.cluster import Cluster
from crobot_tasks.router.fit import has_room, inability
from crobot_tasks.router.views import JobView, Kind, Load, NodeView, Reservation

#: an attempt that takes longer than expected is expected to end after this part of its age
OVERRUN = 0.1


@dataclass
class Kept:
    """A node that is kept free from ``starts_at`` on; what remains beside the job then is spare."""

    reservation: Reservation
    spare_cores: int
    spare_memory_bytes: int

    def lets(self, kind: Kind, now: float) -> bool:
        """Whether such a job may fill the gap: it ends in time, or leaves the room that is kept."""
        return now + kind.expected_s <= self.reservation.starts_at or (
            kind.cores <= self.spare_cores and kind.memory_bytes <= self.spare_memory_bytes
        )

    def fill(self, kind: Kind, now: float) -> None:
        """Note that such a job has been placed there."""
        if now + kind.expected_s > self.reservation.starts_at:
            self.spare_cores -= kind.cores
            self.spare_memory_bytes -= kind.memory_bytes


class Reservations:
    """All reservations of one call: node → what is kept."""

    def __init__(self, cluster: Cluster, now: float) -> None:
        self._cluster, self._now = cluster, now
        self.kept: dict[str, Kept] = {}

    def lets(self, name: str, job: JobView) -> bool:
        """Whether the job may be placed on this node as far as reservations go."""
        kept = self.kept.get(name)
        return kept is None or kept.reservation.job_id == job.id or kept.lets(job.kind, self._now)

    def renew(self, job: JobView) -> bool:
        """Keep the node that was reserved for the job before; false if it can no longer run it."""
        node = self._cluster.nodes.get(job.reserved_on or "")
        if node is None or node.name in self.kept or inability(node, job.kind, self._cluster.policy):
            return False
        self._keep(job, node)
        return True

    def make(self, job: JobView) -> str | None:
        """Reserve the node where the job can begin first, and return its name; None if there is none."""
        names = [name for name in self._cluster.able(job.kind) if name not in self.kept]
        if not names:
            return None
        nodes = [self._cluster.nodes[name] for name in names]
        best = min(nodes, key=lambda node: (node.name in job.failed_on, starts_at(node, job.kind, self._now)))
        self._keep(job, best)
        return best.name

    def _keep(self, job: JobView, node: NodeView) -> None:
        begins = starts_at(node, job.kind, self._now)
        left = [load for load in node.load.values() if ends_at(load, self._now) > begins]
        cores = node.cores - job.kind.cores - sum(load.cores for load in left)
        memory = node.memory_bytes - job.kind.memory_bytes - sum(load.memory_bytes for load in left)
        self.kept[node.name] = Kept(Reservation(job.id, node.name, begins), cores, memory)


def ends_at(load: Load, now: float) -> float:
    """Say when an attempt is expected to end."""
    expected = load.since + load.expected_s
    return expected if expected > now else now + OVERRUN * (now - load.since)


def starts_at(node: NodeView, kind: Kind, now: float) -> float:
    """Say when the node is expected to have room for such a job if nothing else is placed there."""
    if has_room(node, kind):
        return now
    cores, memory = node.free_cores, node.free_memory_bytes
    for end, load in sorted(
        ((ends_at(load, now), load) for load in node.load.values()), key=lambda one: one[0]
    ):
        cores, memory = cores + load.cores, memory + load.memory_bytes
        if cores >= kind.cores and memory >= kind.memory_bytes:
            return end
    # only its disk is short, and nobody knows until when
    return now
