"""The pure choice: (cluster, queue, policy, now) → placements with reasons; no database, no clock, no Celery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heapreplace
from math import inf

from crobot_tasks.router.cluster import Candidates, Cluster
from crobot_tasks.router.fit import by_reason, inability, preferred, refusal, some, urgent_delay
from crobot_tasks.router.order import Backlog, Queue
from crobot_tasks.router.policy import Policy
from crobot_tasks.router.room import Reserved, Room
from crobot_tasks.router.views import JobView, Load, Placement, Reservation


@dataclass(frozen=True)
class Decision:
    """Which jobs go where now, and which nodes are kept free for others."""

    placements: list[Placement] = field(default_factory=list)
    reservations: list[Reservation] = field(default_factory=list)


def place(cluster: Cluster, queue: Queue, policy: Policy, now: float, limit: int | None = None) -> Decision:
    """Move jobs from the queue to nodes, in the queue's order; their owners are charged.

    At most ``limit`` jobs, not counting those that a node is reserved for: more urgent ones would use it up.
    """
    call = _Call(cluster, queue, policy, now, inf if limit is None else limit)
    call.keep_reservations()
    willing = call.willing()
    if any(willing):
        call.reserve(willing)
    for class_number, backlogs in enumerate(willing):
        call.begin_reserved(class_number)
        call.fill(backlogs)
    return Decision(call.placements, call.reservations())


class _Call:
    """One call of place(). What one job of a kind is refused, all of its kind are: placing only makes nodes fuller."""

    def __init__(self, cluster: Cluster, queue: Queue, policy: Policy, now: float, limit: float) -> None:
        self._cluster, self._queue, self._policy, self._now, self._limit = cluster, queue, policy, now, limit
        self.placements: list[Placement] = []
        cluster.adopt(policy)

    def keep_reservations(self) -> None:
        """Look at each reservation anew."""
        for job_id in [job_id for job_id in self._cluster.reserved if job_id not in self._queue.reserving]:
            self._cluster.unreserve(job_id)
        for job in list(self._queue.reserving.values()):
            room = self._cluster.reserved.get(job.id) or self._reserved_before(job)
            if room is None:
                del self._queue.reserving[job.id]
                continue
            self._renew(room, job)
        self._cluster.settle(self._now)

    def begin_reserved(self, class_number: int) -> None:
        """Let jobs of the class begin on the nodes reserved for them, whoever's turn it is in the class."""
        for room in list(self._cluster.reserved.values()):
            reserved = room.reserved
            assert reserved is not None  # it is what the cluster has listed
            job = reserved.job
            if reserved.class_number == class_number and room.fits(job.kind):
                self._cluster.unreserve(job.id)
                self._queue.remove(job)
                self._put(job, room, "was kept free for it")

    def _reserved_before(self, job: JobView) -> Room | None:
        room = self._cluster.room_of(job.reserved_on or "")
        if room is None or room.reserved or len(self._cluster.reserved) >= self._policy.reservation.most:
            return None
        return room if not inability(room.node, job.kind, self._policy) else None

    def _renew(self, room: Room, job: JobView) -> None:
        self._queue.reserving[job.id] = job
        self._cluster.reserve(room, job, self._now)

    def _candidates(self, backlog: Backlog) -> Candidates:
        return self._cluster.candidates(backlog.asked, self._now)

    def willing(self) -> list[list[Backlog]]:
        """Return, class by class, the backlogs of kinds that some node takes now."""
        waiting = [
            [backlog for backlog in backlogs.values() if backlog.groups] for backlogs in self._queue.classes
        ]
        self._cluster.forget_kinds({backlog.asked for backlogs in waiting for backlog in backlogs})
        return [
            [backlog for backlog in backlogs if self._candidates(backlog).first(self._now) is not None]
            for backlogs in waiting
        ]

    def reserve(self, willing: list[list[Backlog]]) -> None:
        """Keep nodes free for those that wait long and are refused while others are not: these overtake them."""
        free = self._policy.reservation.most - len(self._cluster.reserved)
        if free <= 0:
            return
        for backlogs, going in zip(self._queue.classes, willing, strict=True):
            refused = [backlog for backlog in backlogs.values() if backlog.groups and backlog not in going]
            for job in self._overdue(refused, self._policy.reservation.most):
                if free <= 0:
                    return
                free -= self._reserve(job)
        self._cluster.settle(self._now)

    def _overdue(self, refused: list[Backlog], most: int) -> list[JobView]:
        """Return the first jobs of the backlogs that have waited too long, in the order of the backlogs' turns."""
        latest = self._now - self._policy.reservation.after_s
        turns = [(turn, backlog) for backlog in refused if (turn := self._queue.first(backlog)) is not None]
        turns.sort(key=lambda entry: entry[0][0])
        return [
            job
            for _, backlog in turns
            if self._candidates(backlog).able
            for job in self._queue.firsts(backlog, most)
            if job.waiting_since <= latest and job.id not in self._cluster.reserved
        ]

    def _reserve(self, job: JobView) -> bool:
        """Keep the node free where the job can begin first."""
        asked = (job.kind, self._policy.class_of(job.priority))
        rooms = (self._cluster.rooms[number] for number in self._cluster.candidates(asked, self._now).able)
        free = [room for room in rooms if room.reserved is None]
        if not free:
            return False
        failed_on = job.failed_on
        room = min(
            free,
            key=lambda room: (room.node.name in failed_on, room.starts_at(job.kind, self._now), room.number),
        )
        self._renew(room, job)
        return True

    def fill(self, backlogs: list[Backlog]) -> None:
        """Place jobs of these backlogs in turn, until no node takes any of them."""
        first = self._queue.first
        heap = [
            (found[0], number)
            for number, backlog in enumerate(backlogs)
            if (found := first(backlog)) is not None
        ]
        heapify(heap)
        candidates = [self._candidates(backlog) for backlog in backlogs]
        while heap and len(self.placements) < self._limit:
            turn, number = heap[0]
            backlog = backlogs[number]
            found = first(backlog)
            if found is not None and found[0] == turn:
                room = self._best(found[1], candidates[number])
                if room is None:
                    heappop(heap)
                    continue
                self._queue.take(backlog, turn)
                self._put(found[1], room)
                candidates[number].look_again(room, self._now)
                found = first(backlog)
            if found is None:
                heappop(heap)
            else:
                heapreplace(heap, (found[0], number))

    def _best(self, job: JobView, candidates: Candidates) -> Room | None:
        best = candidates.best(job, self._now)
        if best is None or not job.data or not job.data.isdisjoint(best.node.local_data):
            return best
        score = candidates.score(best, self._now)
        scores = [
            other
            for room in self._cluster.with_data_of(job)
            if room.node.name not in job.failed_on
            and (other := candidates.score(room, self._now)) is not None
        ]
        # Its data counts for more than the best fit, but for less than a free core or a preferred tag.
        other = min(scores, default=None)
        if score is None or other is None or other[:3] > score[:3]:
            return best
        return self._cluster.rooms[other[-1]]

    def _put(self, job: JobView, room: Room, why: str = "") -> None:
        kind = job.kind
        self.placements.append(Placement(job.id, room.node.name, self._reason(job, room, why)))
        load = Load(
            job.id, kind.cores, kind.memory_bytes, kind.disk_bytes, kind.expected_s, self._now,
            job.workgroup, job.user_id,
        )  # fmt: skip
        if job.id in self._cluster.reserved:
            self._cluster.unreserve(job.id)
        self._cluster.start(room.node.name, load)
        self._queue.charge(job, self._now)
        if room.reserved is not None:
            self._delay(room, room.reserved)

    def _delay(self, room: Room, reserved: Reserved) -> None:
        """Note by how much the job that was just put here delays the one that the node is reserved for."""
        job = reserved.job
        delay_s = max(room.starts_at(job.kind, self._now) - reserved.starts_at, 0.0)
        self._renew(room, replace(job, delayed_s=job.delayed_s + delay_s) if delay_s else job)

    def _reason(self, job: JobView, room: Room, why: str) -> str:
        if job.kind.cores > room.free_cores:
            reason = f"{len(room.load)} short jobs ahead of it"
        else:
            reason = f"{room.free_cores} of {room.node.cores} cores free"
        if job.data and not job.data.isdisjoint(room.node.local_data):
            reason += ", has its data"
        if tags := preferred(room.node, job.kind, self._policy):
            reason += f", preferred by tag {', '.join(sorted(tags))}"
        if room.node.name in job.failed_on:
            reason += ", though it failed there: no other node takes it now"
        return f"{reason}, {why}" if why else reason

    def reservations(self) -> list[Reservation]:
        """Return what is kept free after this call."""
        return [
            Reservation(job_id, room.node.name, room.reserved.starts_at, room.reserved.job.delayed_s)
            for job_id, room in self._cluster.reserved.items()
            if room.reserved is not None
        ]


def verdicts(cluster: Cluster, job: JobView, policy: Policy, now: float) -> dict[str, str]:
    """Node → what it lacks for the job; empty if it would take it now."""
    return dict(_verdicts(cluster, job, policy, now))


def _verdicts(cluster: Cluster, job: JobView, policy: Policy, now: float) -> Iterator[tuple[str, str]]:
    for room in cluster.rooms:
        own = room.reserved is not None and room.reserved.job.id == job.id and room.fits(job.kind)
        able = not inability(room.node, job.kind, policy)
        yield room.node.name, "" if own and able else refusal(room, job, policy, now)


def why_waiting(cluster: Cluster, job: JobView, policy: Policy, now: float) -> str:
    """Say why the job waits, in one line."""
    if not cluster.nodes:
        return "no calculation node has ever reported; start one with `crobot node --name NAME`"
    unable = {name: inability(node, job.kind, policy) for name, node in cluster.nodes.items()}
    able = [name for name, why in unable.items() if not why]
    if not able:
        return f"no node offers {job.kind.pipeline}: {by_reason(unable)}"
    now_lacks = verdicts(cluster, job, policy, now)
    if open_nodes := [name for name in able if not now_lacks[name]]:
        return f"next to be placed: {some(open_nodes)} would take it now"
    lacks = by_reason({name: now_lacks[name] for name in able})
    return f"waiting for a free place: {lacks}{_kept(cluster, job)}"


def _kept(cluster: Cluster, job: JobView) -> str:
    room = cluster.reserved.get(job.id)
    if room is None or room.reserved is None:
        return ""
    return f"; {room.node.name} is kept free for it{urgent_delay(room.reserved)}"
