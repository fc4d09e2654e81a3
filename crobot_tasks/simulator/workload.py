"""A workload: every job's arrival, duration and owner in arrays, and what is common to a line of jobs once."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crobot_tasks.router import JobView, Kind
from crobot_tasks.simulator.loop import Needs


@dataclass(frozen=True)
class Line:
    """What jobs have in common that the router cannot tell apart but by their age and user."""

    name: str
    kind: Kind
    priority: int = 5
    workgroup: str = ""
    #: sent as long as jobs of other lines are left: it does not count when it is asked how long all takes
    endless: bool = False


class Workload:
    """All jobs of a simulation in the order of their arrival; a job is known by its number in it. Times in seconds."""

    def __init__(
        self,
        lines: Sequence[Line],
        line: NDArray[np.int32],
        arrival_s: NDArray[np.float64],
        duration_s: NDArray[np.float64],
        user_id: NDArray[np.int64],
    ) -> None:
        order = np.argsort(arrival_s, kind="stable")
        self.lines = tuple(lines)
        self.line = np.ascontiguousarray(line[order])
        self.arrival = np.ascontiguousarray(arrival_s[order])
        self.duration = np.ascontiguousarray(duration_s[order])
        self.user = np.ascontiguousarray(user_id[order])
        # Python's own numbers come out of its own arrays several times faster than out of numpy's
        self._line, self._user = array("i", self.line.tobytes()), array("q", self.user.tobytes())
        self._arrival, self._duration = (
            array("d", self.arrival.tobytes()),
            array("d", self.duration.tobytes()),
        )
        self.needs_of_lines: list[Needs] = [(line.kind.cores, line.kind.memory_bytes) for line in self.lines]

    def __len__(self) -> int:
        return len(self.arrival)

    def needs(self, job: int) -> Needs:
        """Return cores and bytes of memory."""
        return self.needs_of_lines[self._line[job]]

    def duration_s(self, job: int) -> float:
        """Return how long it runs."""
        return self._duration[job]

    def line_of(self, job: int) -> int:
        """Return the number of its line."""
        return self._line[job]

    def arrivals(self) -> Iterator[tuple[float, int]]:
        """Yield time and job, in order."""
        return zip(self._arrival, range(len(self)), strict=True)

    def view(self, job: int, now: float) -> JobView:
        """Return the job as the router sees it; its id there is its number + 1, since a job's id is never 0."""
        line = self.lines[self._line[job]]
        return JobView(
            id=job + 1,
            kind=line.kind,
            priority=line.priority,
            workgroup=line.workgroup,
            user_id=self._user[job],
            waiting_since=now,
        )

    def per_line(self, values: Sequence[float]) -> NDArray[np.float64]:
        """Spread a value of each line to its jobs."""
        return np.asarray(values, dtype=np.float64)[self.line]

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Which jobs count when it is asked how long all takes."""
        return np.asarray([not line.endless for line in self.lines], dtype=bool)[self.line]

    @property
    def core_seconds(self) -> NDArray[np.float64]:
        """Return each job's work."""
        return self.duration * self.per_line([line.kind.cores for line in self.lines])

    @property
    def byte_seconds(self) -> NDArray[np.float64]:
        """Return the memory that each job takes, times its duration."""
        return self.duration * self.per_line([line.kind.memory_bytes for line in self.lines])
