"""The nodes and what runs on them, and which of them take which kind of job; decides nothing about the jobs' order."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace
from heapq import heapify, heappop, heappush, heapreplace
from itertools import islice

from crobot_tasks.router.fit import inability, preferred
from crobot_tasks.router.policy import DEFAULT, Policy
from crobot_tasks.router.room import Room
from crobot_tasks.router.views import Asked, JobView, Load, NodeView

#: nodes with the same data that are compared
MOST_WITH_DATA = 32
#: heaps of kinds of which no job waits; more are forgotten
IDLE_KINDS = 64

#: the least is best: whether it delays the job that the node is reserved for, jobs ahead, preferred tags (negative),
#: free cores, number of the node
Score = tuple[bool, int, int, int, int]


class Candidates:
    """The nodes that take such jobs, best first: a heap that is corrected only where it is looked at."""

    def __init__(self, asked: Asked, cluster: Cluster, now: float) -> None:
        kind, class_number = asked
        self._kind, self._class_number = kind, class_number
        self._rooms = cluster.rooms
        #: number of a node that can run such jobs when it is empty → how many preferred tags it has
        self.able: dict[int, int] = {
            room.number: len(preferred(room.node, kind, cluster.policy))
            for room in self._rooms
            if not inability(room.node, kind, cluster.policy)
        }
        self._heap: list[Score] = []
        self._listed: dict[int, Score] = {}
        self._fill(now)

    def _fill(self, now: float) -> None:
        scores = (self.score(self._rooms[number], now) for number in self.able)
        self._listed = {score[-1]: score for score in scores if score is not None}
        self._heap = list(self._listed.values())
        heapify(self._heap)

    def score(self, room: Room, now: float) -> Score | None:
        """Return how well the node suits; None if it does not take such a job now."""
        number = room.number
        tags = self.able.get(number)
        if tags is None or (ahead := room.ahead(self._kind, self._class_number, now)) is None:
            return None
        # Pack: the fullest node that takes it, so that whole nodes stay free for large jobs.
        delays = room.reserved is not None and room.reserved.delayed_by(self._kind, now)
        return delays, ahead, -tags, room.free_cores if not ahead else 0, number

    def look_again(self, room: Room, now: float) -> None:
        """The node may take more than it did."""
        score = self.score(room, now)
        if score is None:
            return
        listed = self._listed.get(room.number)
        if listed is None or score < listed:
            self._listed[room.number] = score
            heappush(self._heap, score)
            if len(self._heap) > 4 * len(self.able) + 64:
                self._fill(now)

    def first(self, now: float) -> Score | None:
        """Return the best node's score; None if no node takes such a job now."""
        heap, listed = self._heap, self._listed
        while heap:
            score = heap[0]
            number = score[-1]
            if listed.get(number) != score:
                heappop(heap)
                continue
            current = self.score(self._rooms[number], now)
            if current == score:
                return score
            if current is None:
                del listed[number]
                heappop(heap)
            else:
                listed[number] = current
                heapreplace(heap, current)
        return None

    def best(self, job: JobView, now: float) -> Room | None:
        """Return the best node for this one job."""
        score = self._not_failed(job, now) if job.failed_on else self.first(now)
        return None if score is None else self._rooms[score[-1]]

    def _not_failed(self, job: JobView, now: float) -> Score | None:
        """Another node may do what this one could not; but a job never waits for that."""
        aside: list[Score] = []
        found = self.first(now)
        while found is not None and self._rooms[found[-1]].node.name in job.failed_on:
            aside.append(heappop(self._heap))
            found = self.first(now)
        for score in aside:
            heappush(self._heap, score)
        return found or (aside[0] if aside else None)


class Cluster:
    """The nodes; what changes on one is looked at again only there."""

    def __init__(self, nodes: Iterable[NodeView], policy: Policy = DEFAULT) -> None:
        self.policy = policy
        self.nodes: dict[str, NodeView] = {node.name: node for node in nodes}
        self.rooms: list[Room] = [
            Room(node, number, node.load.values(), policy.window)
            for number, node in enumerate(self.nodes.values())
        ]
        self._by_name = {room.node.name: room for room in self.rooms}
        #: names of the nodes that could take any job at all
        self.open: set[str] = {room.node.name for room in self.rooms if room.is_open}
        #: job → the node that is reserved for it
        self.reserved: dict[int, Room] = {}
        self._candidates: dict[Asked, Candidates] = {}
        self._changed: set[Room] = set()
        self._with_data: dict[str, list[Room]] = {}
        for room in self.rooms:
            for data in room.node.local_data:
                self._with_data.setdefault(data, []).append(room)

    def room_of(self, name: str) -> Room | None:
        """Return what the node has free; None if there is no such node."""
        return self._by_name.get(name)

    def start(self, name: str, load: Load) -> None:
        """An attempt was sent to the node."""
        room = self._by_name[name]
        room.add(load)
        self._look_at(room)

    def end(self, name: str, job_id: int) -> None:
        """An attempt on the node ended."""
        room = self._by_name[name]
        room.drop(job_id)
        self._look_at(room)

    def _look_at(self, room: Room) -> None:
        self._changed.add(room)
        if room.is_open:
            self.open.add(room.node.name)
        else:
            self.open.discard(room.node.name)

    def adopt(self, policy: Policy) -> None:
        """Go by this policy from now on."""
        if policy is self.policy:
            return
        self.policy = policy
        self._candidates.clear()
        for room in self.rooms:
            room.adopt(policy.window)
            self._look_at(room)

    def settle(self, now: float) -> None:
        """Let all kinds know which nodes changed; on reserved nodes, time alone changes who may begin."""
        self._changed.update(self.reserved.values())
        for candidates in self._candidates.values():
            for room in self._changed:
                candidates.look_again(room, now)
        self._changed.clear()

    def candidates(self, asked: Asked, now: float) -> Candidates:
        """Return the nodes that take such jobs."""
        found = self._candidates.get(asked)
        if found is None:
            found = self._candidates[asked] = Candidates(asked, self, now)
        return found

    def forget_kinds(self, waiting: Set[Asked]) -> None:
        """Forget kinds of which no job waits, once there are many of them."""
        if len(self._candidates) > 2 * len(waiting) + IDLE_KINDS:
            self._candidates = {asked: one for asked, one in self._candidates.items() if asked in waiting}

    def with_data_of(self, job: JobView) -> Iterable[Room]:
        """Return nodes that already have something that the job reads."""
        for data in job.data:
            yield from islice(self._with_data.get(data, ()), MOST_WITH_DATA)

    def reserve(self, room: Room, job: JobView, now: float) -> None:
        """Reserve the node for a job, from when it can begin there."""
        room.reserved = room.reservation(job, self.policy, now)
        self.reserved[job.id] = room
        self._changed.add(room)

    def unreserve(self, job_id: int) -> None:
        """Reserve nothing for the job any more."""
        room = self.reserved.pop(job_id)
        room.reserved = None
        self._changed.add(room)

    def copy(self) -> Cluster:
        """Return a cluster like this one, to try something out on."""
        return Cluster(
            (replace(room.node, load=dict(room.load)) for room in self.rooms),
            self.policy,
        )
