"""Whose turn it is: the waiting jobs in lines, by class, kind, workgroup and user; knows no node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice, zip_longest

from crobot_tasks.router.lines import Line, Turns
from crobot_tasks.router.policy import LAST_PRIORITY, Policy
from crobot_tasks.router.views import Asked, JobView, Kind, NodeView

#: charges grow by so much before all are scaled down again
LARGEST_FACTOR = 1e12

Owner = tuple[str, int]
#: workgroup's use, workgroup, user's use, user, priority, job; the least is first
Turn = tuple[float, str, float, int, int, int]


class Backlog:
    """The waiting jobs of one kind in one class: workgroup → (workgroup, user) → line."""

    __slots__ = ("asked", "groups", "users", "workgroups")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.groups: dict[str, dict[Owner, Line]] = {}
        self.workgroups = Turns()
        self.users: dict[str, Turns] = {}

    def line(self, owner: Owner, queue: Queue) -> Line:
        """Return the owner's line; a new one if there is none."""
        workgroup = owner[0]
        lines = self.groups.get(workgroup)
        if lines is None:
            lines = self.groups[workgroup] = {}
            self.users.setdefault(workgroup, Turns())
            self.workgroups.add(workgroup, queue.workgroups[workgroup])
        line = lines.get(owner)
        if line is None:
            line = lines[owner] = Line()
            self.users[workgroup].add(owner, queue.users[owner])
        return line

    def close(self, owner: Owner) -> None:
        """The owner's line is empty."""
        lines = self.groups[owner[0]]
        del lines[owner]
        if not lines:
            del self.groups[owner[0]]


class Queue:
    """The waiting jobs, and what their owners have used; stays in order while jobs come and go.

    ``used``: (workgroup, user) → core-seconds, live attempts included (see `charged`).
    """

    def __init__(self, jobs: Iterable[JobView], used: Mapping[Owner, float], policy: Policy) -> None:
        self._policy = policy
        #: use for the weight, of workgroups and of users
        self.workgroups: dict[str, float] = {}
        self.users: dict[Owner, float] = {}
        self._since: float | None = None
        self._size = 0
        #: by class: kind → backlog
        self.classes: list[dict[Kind, Backlog]] = [{} for _ in policy.classes]
        #: jobs that have a node reserved, or had one in an earlier dispatch
        self.reserving: dict[int, JobView] = {}
        self._numbers = [policy.class_of(priority) for priority in range(LAST_PRIORITY + 1)]
        for owner, seconds in used.items():
            self._use(owner, seconds)
        for job in jobs:
            self.add(job)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[JobView]:
        for backlogs in self.classes:
            for backlog in backlogs.values():
                for lines in backlog.groups.values():
                    yield from chain.from_iterable(lines.values())

    def _backlog(self, job: JobView) -> Backlog:
        number = self._numbers[min(max(job.priority, 0), LAST_PRIORITY)]
        backlog = self.classes[number].get(job.kind)
        if backlog is None:
            backlog = self.classes[number][job.kind] = Backlog((job.kind, number))
        return backlog

    def add(self, job: JobView) -> None:
        """A job waits from now on."""
        owner = (job.workgroup, job.user_id)
        if owner not in self.users:
            self._use(owner, 0.0)
        self._backlog(job).line(owner, self).add(job)
        self._size += 1
        if job.reserved_on is not None:
            self.reserving[job.id] = job

    def remove(self, job: JobView) -> None:
        """A job of the queue waits no longer."""
        backlog, owner = self._backlog(job), (job.workgroup, job.user_id)
        line = backlog.groups[job.workgroup][owner]
        line.remove(job.id)
        self._left(backlog, owner, line, job)

    def take(self, backlog: Backlog, turn: Turn) -> JobView:
        """Remove the job whose turn it is in the backlog, and return it."""
        owner = (turn[1], turn[3])
        line = backlog.groups[turn[1]][owner]
        job = line.take()
        self._left(backlog, owner, line, job)
        return job

    def _left(self, backlog: Backlog, owner: Owner, line: Line, job: JobView) -> None:
        self._size -= 1
        self.reserving.pop(job.id, None)
        if not line.size:
            backlog.close(owner)

    def first(self, backlog: Backlog) -> tuple[Turn, JobView] | None:
        """Return the job whose turn it is in the backlog, and what it is sorted by; None if the backlog is empty."""
        top = backlog.workgroups.first(backlog.groups, self.workgroups)
        if top is None:
            return None
        lines = backlog.groups[top[1]]
        of_user = backlog.users[top[1]].first(lines, self.users)
        assert of_user is not None  # a workgroup without users is closed
        use, owner = of_user
        job = lines[owner].head()
        return (top[0], top[1], use, owner[1], job.priority, job.id), job

    def firsts(self, backlog: Backlog, most: int) -> list[JobView]:
        """Return the jobs of the backlog that come first: each owner's first, then each one's second, and so on."""
        heads: list[list[JobView]] = []
        for workgroup in backlog.workgroups.firsts(most, backlog.groups, self.workgroups):
            lines = backlog.groups[workgroup]
            for owner in backlog.users[workgroup].firsts(most - len(heads), lines, self.users):
                heads.append(lines[owner].peek(most))
        jobs = chain.from_iterable(zip_longest(*heads))
        return list(islice((job for job in jobs if job is not None), most))

    def charge(self, job: JobView, now: float) -> None:
        """Charge the job's owner for all the time that it is expected to take."""
        kind = job.kind
        seconds = self._policy.charge(kind.cores, kind.memory_bytes, kind.expected_s)
        self._use((job.workgroup, job.user_id), seconds * self._factor(now))

    def _factor(self, now: float) -> float:
        """Charge more the later it is, instead of halving all that was charged before: the order is the same."""
        if self._since is None:
            self._since = now
        factor = 2.0 ** ((now - self._since) / self._policy.shares.half_life_s)
        if factor < LARGEST_FACTOR:
            return float(factor)
        self._since = now
        self._scale_down(factor)
        return 1.0

    def _scale_down(self, factor: float) -> None:
        self.workgroups = {name: use / factor for name, use in self.workgroups.items()}
        self.users = {owner: use / factor for owner, use in self.users.items()}
        for backlogs in self.classes:
            for backlog in backlogs.values():
                backlog.workgroups.anew(self.workgroups)
                for turns in backlog.users.values():
                    turns.anew(self.users)

    def _use(self, owner: Owner, seconds: float) -> None:
        shares, (workgroup, user_id) = self._policy.shares, owner
        of_workgroup = seconds / shares.workgroups.get(workgroup, 1.0)
        self.workgroups[workgroup] = self.workgroups.get(workgroup, 0.0) + of_workgroup
        self.users[owner] = self.users.get(owner, 0.0) + seconds / shares.users.get(user_id, 1.0)


def charged(used: Mapping[Owner, float], nodes: Iterable[NodeView], policy: Policy) -> dict[Owner, float]:
    """Return what owners have used, and what their live attempts are expected to take in all."""
    uses = dict(used)
    for node in nodes:
        for load in node.load.values():
            owner = (load.workgroup, load.user_id)
            cost = policy.charge(load.cores, load.memory_bytes, load.expected_s)
            uses[owner] = uses.get(owner, 0.0) + cost
    return uses
