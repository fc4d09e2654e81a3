"""What one node has free, now and when its attempts will have ended; knows no other node."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from crobot_tasks.router.policy import Policy, Window
from crobot_tasks.router.views import JobView, Kind, Load, NodeView

#: an attempt that runs longer than expected is given so much of its age again
OVERRUN = 0.1


@dataclass(frozen=True, slots=True)
class Reserved:
    """What is reserved on a node for a job from some time on, and what others may have beyond it."""

    job: JobView
    #: number of the job's class; those before it are more urgent
    class_number: int
    starts_at: float
    spare_cores: int
    spare_memory: int
    #: seconds by which more urgent jobs may still delay the start
    left_s: float

    def lets(self, kind: Kind, class_number: int, now: float) -> bool:
        """Say whether such a job may begin now: it delays nothing, or it is more urgent and delays by what is left."""
        return not self.delayed_by(kind, now) or (
            class_number < self.class_number and now + kind.expected_s <= self.starts_at + self.left_s
        )

    def delayed_by(self, kind: Kind, now: float) -> bool:
        """Say whether such a job would delay the start: it does not end in time, and takes of what is reserved."""
        return now + kind.expected_s > self.starts_at and (
            kind.cores > self.spare_cores or kind.memory_bytes > self.spare_memory
        )


class Room:
    """A node and what runs on it; all sums are kept up to date, so that a question costs no loop."""

    __slots__ = (
        "_free_at", "_share", "_window", "expected_s", "free_cores", "free_disk", "free_memory", "load", "node",
        "number", "odd", "reserved",
    )  # fmt: skip

    def __init__(self, node: NodeView, number: int, load: Iterable[Load], window: Window) -> None:
        self.node, self.number = node, number
        self.load: dict[int, Load] = {}
        self.free_cores, self.free_memory, self.free_disk = node.cores, node.memory_bytes, node.disk_bytes
        self._share = node.memory_bytes // max(node.cores, 1)
        #: seconds that all attempts take together, one after the other
        self.expected_s = 0.0
        self.reserved: Reserved | None = None
        self._window = window
        #: attempts behind which nothing may queue
        self.odd = 0
        self._free_at: list[tuple[float, float, int, int]] | None = None
        for one in load:
            self.add(one)

    def adopt(self, window: Window) -> None:
        """Go by another window from now on."""
        self._window = window
        self.odd = sum(self._is_odd(one) for one in self.load.values())

    def add(self, load: Load) -> None:
        """An attempt was sent here."""
        self.load[load.job_id] = load
        self._count(load, 1)

    def drop(self, job_id: int) -> None:
        """An attempt ended."""
        self._count(self.load.pop(job_id), -1)

    def _count(self, load: Load, sign: int) -> None:
        self.free_cores -= sign * load.cores
        self.free_memory -= sign * load.memory_bytes
        # What has just begun has not been written yet, so it is not in the measured space.
        self.free_disk -= sign * load.disk_bytes
        self.expected_s = self.expected_s + sign * load.expected_s if self.load else 0.0
        self.odd += sign * self._is_odd(load)
        self._free_at = None

    def _is_odd(self, one: Load | Kind) -> bool:
        return one.expected_s > self._window.short_s or one.cores > 1 or one.memory_bytes > self._share

    @property
    def is_open(self) -> bool:
        """Whether there is any job that it could take now."""
        return not self.node.closed and (self.free_cores > 0 or self._may_queue(0.0))

    def fits(self, kind: Kind) -> bool:
        """Say whether such a job finds its cores, memory and disk free."""
        return (
            kind.cores <= self.free_cores
            and kind.memory_bytes <= self.free_memory
            and kind.disk_bytes <= self.free_disk
        )

    def ahead(self, kind: Kind, class_number: int, now: float) -> int | None:
        """Return how many jobs would be ahead of such a job: 0 if it fits now; None if the node does not take it."""
        if kind.cores <= self.free_cores:
            if kind.memory_bytes > self.free_memory or kind.disk_bytes > self.free_disk:
                return None
            before = 0
        elif self.odd or not self.may_queue(kind):
            return None
        else:
            before = len(self.load)
        if self.reserved is not None and not self.reserved.lets(kind, class_number, now):
            return None
        return before

    def may_queue(self, kind: Kind) -> bool:
        """Say whether such a job may wait here for a slot: only short ones do, and only behind short ones."""
        return (
            not self._is_odd(kind) and kind.disk_bytes <= self.free_disk and self._may_queue(kind.expected_s)
        )

    def _may_queue(self, expected_s: float) -> bool:
        if self.odd:
            return False
        jobs = len(self.load) + 1
        queued = jobs - self.node.cores
        if queued <= self.node.cores:
            return queued <= self._window.most_jobs
        # Which of them will queue is not known; they take what all take on average.
        queued_s = (self.expected_s + expected_s) * queued / jobs
        return queued <= self._window.most_jobs and queued_s <= self._window.ahead_s * self.node.cores

    def reservation(self, job: JobView, policy: Policy, now: float) -> Reserved:
        """Return what to reserve for a job, from when it can begin here; the empty node must be large enough."""
        kind, starts_at = job.kind, self.starts_at(job.kind, now)
        cores, memory = self._free_from(starts_at, now)
        return Reserved(
            job,
            policy.class_of(job.priority),
            starts_at,
            spare_cores=cores - kind.cores,
            spare_memory=memory - kind.memory_bytes,
            left_s=max(policy.reservation.urgent_share * kind.expected_s - job.delayed_s, 0.0),
        )

    def starts_at(self, kind: Kind, now: float) -> float:
        """Return when such a job can begin here, if attempts end as expected."""
        if kind.cores <= self.free_cores and kind.memory_bytes <= self.free_memory:
            return now
        ends = self._ends()
        first = bisect_left(ends, kind.cores, key=lambda end: end[2])
        first = max(first, bisect_left(ends, kind.memory_bytes, key=lambda end: end[3]))
        if first == len(ends):
            return float("inf")
        at, since = ends[first][:2]
        return at if at > now else now + OVERRUN * max(now - since, 0.0)

    def _free_from(self, time: float, now: float) -> tuple[int, int]:
        if time <= now:
            return self.free_cores, self.free_memory
        ends = self._ends()
        last = bisect_right(ends, time, key=lambda end: end[0])
        return ends[last - 1][2:] if last else (self.free_cores, self.free_memory)

    def _ends(self) -> list[tuple[float, float, int, int]]:
        """(End, begin, free cores from then on, free memory from then on) of each attempt, by end."""
        if self._free_at is None:
            cores, memory = self.free_cores, self.free_memory
            self._free_at = []
            for end, since, one in sorted(
                ((load.since + load.expected_s, load.since, load) for load in self.load.values()),
                key=lambda entry: entry[0],
            ):
                cores, memory = cores + one.cores, memory + one.memory_bytes
                self._free_at.append((end, since, cores, memory))
        return self._free_at
