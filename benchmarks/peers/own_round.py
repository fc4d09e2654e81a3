"""One round of CRobot or of plain Celery on the stage: the same measures as of the peers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from benchmarks import plain, tasks, usage
from benchmarks.figures import percentile
from benchmarks.latency import once
from benchmarks.peers import database
from benchmarks.stage import Stage
from benchmarks.throughput import Kind, not_ended, not_stored, quiet, wait
from crobot_tasks.lifecycle.together import together

#: jobs of one `with together():`
TOGETHER = 1000
#: so long PostgreSQL's processes may keep for themselves what they have counted
TOLD_S = 10.5
_OURS = ("sender", "head", "beat", "node parent", "node children", "postgres", "valkey")
_PLAIN = ("sender", "plain parent", "plain children", "valkey")


@dataclass(frozen=True)
class OwnRound:
    """One of ours, and how it is reached."""

    stage: Stage
    #: the server's address
    server: str
    kind: Kind
    workers: str
    #: whose CPU is its own
    groups: tuple[str, ...]
    #: a task that returns when its body began, where results are kept
    clock: Any = None

    @property
    def name(self) -> str:
        return self.kind.name

    def warm(self) -> None:
        """Have everything imported and connected."""
        wait(self.kind, [self.kind.send(number) for number in range(20)])
        self._latency(3)

    def measure(self, jobs: int, sends: int) -> dict[str, float]:
        """Send one by one and in bulk while nobody takes the jobs, let them go, and send some into the idle node."""
        self.kind.close()
        before = self._before()
        seen, sent = self._sent(jobs)
        one = self._used(before)
        if self.kind.transactional:
            began = time.perf_counter()
            sent += _in_bulk(self.kind, jobs)
            seen["bulk"] = jobs / (time.perf_counter() - began)
        before = self._before()
        began = time.perf_counter()
        self.kind.open()
        wait(self.kind, sent)
        seen["off"] = len(sent) / (time.perf_counter() - began)
        quiet()
        off = self._used(before)
        costs = {name: one[name] / jobs + off[name] / len(sent) for name in one}
        return seen | costs | self._latency(sends)

    def _sent(self, jobs: int) -> tuple[dict[str, float], list[Any]]:
        began = time.perf_counter()
        sent = [self.kind.send(number) for number in range(jobs)]
        return {"one": jobs / (time.perf_counter() - began)}, sent

    def _latency(self, sends: int) -> dict[str, float]:
        if self.clock is None:
            return {}
        waits = [1000 * once(self.clock)[1] for _ in range(sends)]
        return {"latency": percentile(waits, 50)}

    def _before(self) -> dict[str, float]:
        counted = self._counted()
        return counted | {"cpu": self._cpu_ms()}

    def _used(self, before: dict[str, float]) -> dict[str, float]:
        """CPU milliseconds of all processes, and what PostgreSQL counted, since then."""
        now = {"cpu": self._cpu_ms()}
        now |= self._counted()
        return usage.used(before, now)

    def _cpu_ms(self) -> float:
        seconds = usage.cpu_s(self.stage)
        return 1000 * sum(seconds[group] for group in self.groups)

    def _counted(self) -> dict[str, float]:
        if "postgres" not in self.groups:
            return {}
        time.sleep(TOLD_S)
        return database.counted(self.server, database.name_of(self.server))


def own_rounds(stage: Stage, server: str) -> list[OwnRound]:
    """CRobot, and plain Celery with and without results."""
    ours = Kind("CRobot", tasks.nothing.delay, not_ended, stage.close_node, stage.open_node)
    theirs = (stage.close_plain, stage.open_plain)
    stored = Kind("Celery, results", plain.nothing.delay, not_stored, *theirs, transactional=False)
    bare = Kind("Celery, no results", _without_result, _not_taken, *theirs, transactional=False)
    celery = (stage, server)
    return [
        OwnRound(*celery, ours, "head, node with 2 children", _OURS, tasks.clock),
        OwnRound(*celery, stored, "worker with 2 children", _PLAIN, plain.clock),
        OwnRound(*celery, bare, "worker with 2 children", _PLAIN),
    ]


def _in_bulk(kind: Kind, jobs: int) -> list[Any]:
    sent: list[Any] = []
    for start in range(0, jobs, TOGETHER):
        with together():
            sent += [kind.send(number) for number in range(start, min(start + TOGETHER, jobs))]
    return sent


def _without_result(number: int) -> Any:
    return plain.nothing.apply_async((number,), ignore_result=True)


def _not_taken(task_ids: list[str]) -> list[str]:
    """Return all as long as the broker has one: that one has ended is noted nowhere."""
    broker = plain.app.backend.client
    return task_ids if broker.llen(plain.QUEUE) or broker.hlen("unacked") else []
