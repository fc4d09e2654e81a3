"""The event loop: jobs arrive, a rule places them, they run and end; reads no clock, knows no figures."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from math import inf
from typing import Protocol

#: cores and bytes of memory
Needs = tuple[int, int]
#: when it ends, job, number of its node, what it gives back there
End = tuple[float, int, int, Needs]


class Demand(Protocol):
    """What jobs take; only the loop knows how long they will really run, never the rule."""

    def needs(self, job: int) -> Needs:
        """Return cores and bytes of memory."""

    def duration_s(self, job: int) -> float:
        """Return how long it runs."""


class Rule(Protocol):
    """What decides where jobs go."""

    def arrive(self, job: int, now: float) -> None:
        """A job waits from now on."""

    def end(self, job: int, node: int, needs: Needs) -> None:
        """A job that ran on this node ended, and gave this back."""

    def choose(self, now: float) -> Iterable[tuple[int, int]]:
        """Return jobs and the numbers of the nodes that they go to now."""


class Site:
    """A node as it is at work: what is free, and the jobs in its queue, which it takes strictly in their order."""

    __slots__ = ("cores", "memory_bytes", "queue")

    def __init__(self, cores: int, memory_bytes: int) -> None:
        self.cores, self.memory_bytes = cores, memory_bytes
        self.queue: deque[int] = deque()

    def takes(self, needs: Needs) -> bool:
        """Take cores and memory if both are free; say whether they were."""
        if needs[0] > self.cores or needs[1] > self.memory_bytes:
            return False
        self.cores -= needs[0]
        self.memory_bytes -= needs[1]
        return True

    def gets_back(self, needs: Needs) -> None:
        """Have what an ended job took."""
        self.cores += needs[0]
        self.memory_bytes += needs[1]


class Loop:
    """One simulation at work."""

    def __init__(
        self, sites: Sequence[Site], demand: Demand, rule: Rule, running: Iterable[End] = ()
    ) -> None:
        self._sites, self._demand, self._rule = sites, demand, rule
        self._ends = list(running)
        heapify(self._ends)

    def starts(self, arrivals: Iterable[tuple[float, int]]) -> Iterator[tuple[int, int, float]]:
        """Yield job, node and time of each job that begins, until the last has ended; ``arrivals`` are in order."""
        coming = iter(arrivals)
        at, job = next(coming, (inf, -1))
        while (now := min(at, self._ends[0][0] if self._ends else inf)) < inf:
            yield from self._end(now)
            while at <= now:
                self._rule.arrive(job, now)
                at, job = next(coming, (inf, -1))
            yield from self._place(now)

    def _end(self, now: float) -> Iterator[tuple[int, int, float]]:
        """End what ends by now, and let those begin that stand in the queues of these nodes."""
        ends = self._ends
        while ends and ends[0][0] <= now:
            _, job, node, needs = heappop(ends)
            site = self._sites[node]
            site.gets_back(needs)
            self._rule.end(job, node, needs)
            while site.queue and site.takes(self._demand.needs(site.queue[0])):
                yield self._begin(site.queue.popleft(), node, now)

    def _place(self, now: float) -> Iterator[tuple[int, int, float]]:
        for job, node in self._rule.choose(now):
            site = self._sites[node]
            if not site.queue and site.takes(self._demand.needs(job)):
                yield self._begin(job, node, now)
            else:
                site.queue.append(job)

    def _begin(self, job: int, node: int, now: float) -> tuple[int, int, float]:
        heappush(self._ends, (now + self._demand.duration_s(job), job, node, self._demand.needs(job)))
        return job, node, now
