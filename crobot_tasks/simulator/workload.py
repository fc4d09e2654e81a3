"""A workload: every job's arrival, duration and owner in arrays, and what the jobs of a stream have in common once."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crobot_tasks.router import JobView, Kind
from crobot_tasks.simulator.loop import Needs


@dataclass(frozen=True)
class JobTemplate:
    """What the jobs of a stream have in common: for the router, only their age and user tell them apart."""

    name: str
    kind: Kind
    priority: int = 5
    workgroup: str = ""
    #: sent as long as jobs of other streams are left; such jobs do not count in how long all takes
    endless: bool = False


class Workload:
    """All jobs of a simulation in the order of their arrival; a job is known by its number in it. Times in seconds."""

    def __init__(
        self,
        templates: Sequence[JobTemplate],
        template_number: NDArray[np.int32],
        arrival_s: NDArray[np.float64],
        duration_s: NDArray[np.float64],
        user_id: NDArray[np.int64],
    ) -> None:
        order = np.argsort(arrival_s, kind="stable")
        self.templates = tuple(templates)
        self.template_number = np.ascontiguousarray(template_number[order])
        self.arrival = np.ascontiguousarray(arrival_s[order])
        self.duration = np.ascontiguousarray(duration_s[order])
        self.user = np.ascontiguousarray(user_id[order])
        # Python's own numbers come out of its own arrays several times faster than out of numpy's
        self._template_number, self._user = (
            array("i", self.template_number.tobytes()),
            array("q", self.user.tobytes()),
        )
        self._arrival, self._duration = (
            array("d", self.arrival.tobytes()),
            array("d", self.duration.tobytes()),
        )
        self.needs_of_templates: list[Needs] = [
            (template.kind.cores, template.kind.memory_bytes) for template in self.templates
        ]

    def __len__(self) -> int:
        return len(self.arrival)

    def needs(self, job: int) -> Needs:
        """Return cores and bytes of memory."""
        return self.needs_of_templates[self._template_number[job]]

    def duration_s(self, job: int) -> float:
        """Return how long it runs."""
        return self._duration[job]

    def template_of(self, job: int) -> int:
        """Return the number of its template."""
        return self._template_number[job]

    def arrivals(self) -> Iterator[tuple[float, int]]:
        """Yield time and job, in order."""
        return zip(self._arrival, range(len(self)), strict=True)

    def view(self, job: int, now: float) -> JobView:
        """Return the job as the router sees it; its id there is its number + 1, since a job's id is never 0."""
        template = self.templates[self._template_number[job]]
        return JobView(
            id=job + 1,
            kind=template.kind,
            priority=template.priority,
            workgroup=template.workgroup,
            user_id=self._user[job],
            waiting_since=now,
        )

    def per_template(self, values: Sequence[float]) -> NDArray[np.float64]:
        """Spread a value of each template to its jobs."""
        return np.asarray(values, dtype=np.float64)[self.template_number]

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Which jobs count in how long all takes."""
        endless = np.asarray([template.endless for template in self.templates], dtype=bool)
        return ~endless[self.template_number]

    @property
    def core_seconds(self) -> NDArray[np.float64]:
        """Return each job's work."""
        return self.duration * self.per_template([template.kind.cores for template in self.templates])

    @property
    def byte_seconds(self) -> NDArray[np.float64]:
        """Return the memory that each job takes, times its duration."""
        return self.duration * self.per_template([template.kind.memory_bytes for template in self.templates])
