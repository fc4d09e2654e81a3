"""Whose turn it is: waiting jobs by class, then the owner who has used least for his weight, then priority and age."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush, heapreplace
from typing import Any

from crobot_tasks.router.policy import Policy
from crobot_tasks.router.views import JobView, Kind

#: jobs that differ in nothing but priority and age: (priority, id, job), the first on top
_Line = list[tuple[int, int, JobView]]


class Standing:
    """What workgroups and users have used, in core-seconds for their weight."""

    def __init__(self, used: Mapping[tuple[str, int], float], policy: Policy) -> None:
        self._policy = policy
        self._users: dict[tuple[str, int], float] = {}
        self._workgroups: dict[str, float] = {}
        for (workgroup, user_id), seconds in used.items():
            self.charge(workgroup, user_id, seconds)

    def charge(self, workgroup: str, user_id: int, seconds: float) -> None:
        """Note that a user of a workgroup used so much; less than nothing gives it back."""
        shares, owner = self._policy.shares, (workgroup, user_id)
        self._users[owner] = self.user(*owner) + seconds / shares.users.get(user_id, 1.0)
        self._workgroups[workgroup] = self.workgroup(workgroup) + seconds / shares.workgroups.get(
            workgroup, 1.0
        )

    def user(self, workgroup: str, user_id: int) -> float:
        """Return what a user has used."""
        return self._users.get((workgroup, user_id), 0.0)

    def workgroup(self, workgroup: str) -> float:
        """Return what a workgroup has used."""
        return self._workgroups.get(workgroup, 0.0)

    def rank(self, priority: int, workgroup: str, user_id: int) -> tuple[Any, ...]:
        """Return what such jobs are ordered by."""
        used = (self.workgroup(workgroup), workgroup, self.user(workgroup, user_id), user_id)
        return (self._policy.class_of(priority), *used, priority)


class Queue:
    """The jobs that wait, in the order of the policy."""

    def __init__(
        self, jobs: Iterable[JobView], used: Mapping[tuple[str, int], float], policy: Policy
    ) -> None:
        self.standing = Standing(used, policy)
        self._policy = policy
        self._jobs: dict[int, JobView] = {}
        #: for each class: workgroup → user → kind → line
        self._classes: list[dict[str, dict[int, dict[Kind, _Line]]]] = [{} for _ in policy.classes]
        #: jobs that have a node reserved
        self.reserved: dict[int, JobView] = {}
        for job in jobs:
            self.add(job)

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, job_id: int) -> bool:
        return job_id in self._jobs

    def get(self, job_id: int) -> JobView:
        """Return a job as it is known now."""
        return self._jobs[job_id]

    def add(self, job: JobView) -> None:
        """Let a job wait."""
        owners = self._classes[self._policy.class_of(job.priority)].setdefault(job.workgroup, {})
        line = owners.setdefault(job.user_id, {}).setdefault(job.kind, [])
        heappush(line, (job.priority, job.id, job))
        self.replace(job)

    def replace(self, job: JobView) -> None:
        """Know a job that waits anew, with another reservation."""
        self._jobs[job.id] = job
        if job.reserved_on:
            self.reserved[job.id] = job
        else:
            self.reserved.pop(job.id, None)

    def remove(self, job_id: int) -> None:
        """Forget a job; its place in the line is passed over."""
        self._jobs.pop(job_id, None)
        self.reserved.pop(job_id, None)

    def charge(self, job: JobView) -> None:
        """Charge a job's owner with what it will typically take."""
        kind = job.kind
        seconds = self._policy.charge(kind.cores, kind.memory_bytes) * kind.expected_s
        self.standing.charge(job.workgroup, job.user_id, seconds)

    def in_turn(self, refused: Container[Kind]) -> Iterator[JobView]:
        """Give the job whose turn it is, again and again.

        Before the next one is asked for, the caller must have removed the job, or added its kind to ``refused``.
        """
        for workgroups in self._classes:
            yield from self._class_in_turn(workgroups, refused)

    def _class_in_turn(
        self, workgroups: dict[str, dict[int, dict[Kind, _Line]]], refused: Container[Kind]
    ) -> Iterator[JobView]:
        turns = [(self.standing.workgroup(name), name) for name in workgroups]
        heapify(turns)
        users: dict[str, list[tuple[float, int]]] = {}
        while turns:
            name = turns[0][1]
            if name not in users:
                users[name] = [(self.standing.user(name, user_id), user_id) for user_id in workgroups[name]]
                heapify(users[name])
            job = self._user_in_turn(workgroups[name], users[name], refused)
            if job is None:
                heappop(turns)
                if not workgroups[name]:
                    del workgroups[name]
                continue
            yield job
            heapreplace(users[name], (self.standing.user(name, job.user_id), job.user_id))
            heapreplace(turns, (self.standing.workgroup(name), name))

    def _user_in_turn(
        self, owners: dict[int, dict[Kind, _Line]], turns: list[tuple[float, int]], refused: Container[Kind]
    ) -> JobView | None:
        while turns:
            user_id = turns[0][1]
            job = self._first(owners[user_id], refused)
            if job is not None:
                return job
            heappop(turns)
            if not owners[user_id]:
                del owners[user_id]
        return None

    def _first(self, lines: dict[Kind, _Line], refused: Container[Kind]) -> JobView | None:
        """Return the first job of a user that is not refused; empty lines are forgotten on the way."""
        best: tuple[int, int, JobView] | None = None
        for kind in list(lines):
            if kind in refused:
                continue
            line = lines[kind]
            while line and line[0][1] not in self._jobs:
                heappop(line)
            if not line:
                del lines[kind]
            elif best is None or line[0] < best:
                best = line[0]
        return self._jobs[best[1]] if best else None
