"""What keeps an order while jobs come and go: one user's jobs by priority and age, and names by what they have used."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator, Mapping
from heapq import heapify, heappop, heappush, heapreplace, nsmallest
from itertools import chain, islice
from typing import Any

from crobot_tasks.router.views import JobView


class Line:
    """Waiting jobs of one user that only priority and age tell apart; most come in their order, and wait in it."""

    __slots__ = ("_gone", "_in_order", "_late", "size")

    def __init__(self) -> None:
        self._in_order: deque[JobView] = deque()
        self._late: list[tuple[int, int, JobView]] = []
        self._gone: set[int] = set()
        self.size = 0

    def add(self, job: JobView) -> None:
        """A job waits from now on."""
        if job.id in self._gone:
            self._sweep()
        self.size += 1
        last = self._in_order[-1] if self._in_order else None
        if last is None or (last.priority, last.id) < (job.priority, job.id):
            self._in_order.append(job)
        else:
            heappush(self._late, (job.priority, job.id, job))

    def remove(self, job_id: int) -> None:
        """A job in the line waits no longer."""
        self._gone.add(job_id)
        self.size -= 1

    def head(self) -> JobView:
        """Return the first job."""
        while True:
            late, first = self._late, self._in_order[0] if self._in_order else None
            job = first
            if late and (first is None or late[0][:2] < (first.priority, first.id)):
                job = late[0][2]
            assert job is not None
            if not self._gone or job.id not in self._gone:
                return job
            self._pop(job)
            self._gone.discard(job.id)

    def take(self) -> JobView:
        """Remove the first job, and return it."""
        job = self.head()
        self._pop(job)
        self.size -= 1
        return job

    def _pop(self, job: JobView) -> None:
        if self._in_order and self._in_order[0] is job:
            self._in_order.popleft()
        else:
            heappop(self._late)

    def _sweep(self) -> None:
        self._in_order = deque(job for job in self._in_order if job.id not in self._gone)
        self._late = sorted(entry for entry in self._late if entry[1] not in self._gone)
        self._gone.clear()

    def peek(self, most: int) -> list[JobView]:
        """Return the first jobs in their order."""
        late = nsmallest(most, self._late)
        look = most + len(self._gone)
        jobs = chain(islice(self._in_order, look), (entry[2] for entry in late))
        found = (job for job in jobs if job.id not in self._gone)
        return sorted(found, key=lambda job: (job.priority, job.id))[:most]

    def __iter__(self) -> Iterator[JobView]:
        jobs = chain(self._in_order, (entry[2] for entry in self._late))
        return (job for job in jobs if job.id not in self._gone)


class Turns:
    """Names by what they have used: a heap that is corrected only at its top, since use only grows."""

    __slots__ = ("_heap", "_listed")

    def __init__(self) -> None:
        self._heap: list[tuple[float, Any]] = []
        self._listed: set[Any] = set()

    def add(self, name: Any, use: float) -> None:
        """A name that may be there already."""
        if name not in self._listed:
            self._listed.add(name)
            heappush(self._heap, (use, name))

    def first(self, present: Container[Any], uses: Mapping[Any, float]) -> tuple[float, Any] | None:
        """Return the least use and its name, of those that are still present."""
        heap = self._heap
        while heap:
            top = heap[0]
            name = top[1]
            if name not in present:
                heappop(heap)
                self._listed.discard(name)
            elif (use := uses[name]) != top[0]:
                heapreplace(heap, (use, name))
            else:
                return top
        return None

    def firsts(self, most: int, present: Container[Any], uses: Mapping[Any, float]) -> list[Any]:
        """Return the first names in their order."""
        found: list[tuple[float, Any]] = []
        while len(found) < most and self.first(present, uses) is not None:
            found.append(heappop(self._heap))
        for entry in found:
            heappush(self._heap, entry)
        return [name for _, name in found]

    def anew(self, uses: Mapping[Any, float]) -> None:
        """All uses were scaled."""
        self._heap = [(uses[name], name) for name in self._listed]
        heapify(self._heap)
