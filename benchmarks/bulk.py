"""(bulk) Jobs sent in bulk while nobody takes them, beside Celery's group, kombu's pipeline and what peers insert."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from celery import group

from benchmarks import plain, tasks, usage
from benchmarks.figures import Chapter, Figure, compared
from benchmarks.peers.catalogue import chosen
from benchmarks.peers.environments import PeerFailed, python_of
from benchmarks.peers.peer_round import PeerRound
from benchmarks.scheme_slices import SchemeSlices
from benchmarks.stage import Stage
from crobot_tasks import embedded
from crobot_tasks.lifecycle.together import together

#: jobs of one call
TOGETHER = 1_000
#: job systems whose bulk inserts are measured
PEERS = ("procrastinate", "pgqueuer-1")
#: whose CPU is no sender's own
_SERVERS = ("postgres", "valkey")


@dataclass
class Way:
    """One way to send many jobs, and what it took: wall and CPU milliseconds a job, once a round."""

    name: str
    #: sends so many jobs; returns its own wall and CPU seconds, if another process sends
    send: Callable[[int], tuple[float, float] | None]
    prepare: Callable[[], None] = lambda: None
    rates: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def measure(self, stage: Stage, jobs: int) -> None:
        """Send, and note it."""
        self.prepare()
        servers, own, began = _servers_s(stage), psutil.Process().cpu_times(), time.perf_counter()
        told = self.send(jobs)
        now = psutil.Process().cpu_times()
        wall_s = time.perf_counter() - began
        cpu_s = now.user + now.system - own.user - own.system
        if told is not None:
            wall_s, cpu_s = told
        self.rates.append(jobs / wall_s)
        self.cpu_ms.append(1000 * (cpu_s + _servers_s(stage) - servers) / jobs)


def measure(stage: Stage, jobs: int, rounds: int, environments: Path) -> Chapter:
    """Alternate the ways; CRobot's is `with together():` of a thousand jobs."""
    stage.close_node()
    stage.close_plain()
    ours, *others = [*_ways(), _of_scheme(stage, jobs), *_peers(stage, environments)]
    for way in (ours, *others):
        way.prepare()
        way.send(TOGETHER)  # everything is imported and connected
    for _ in range(rounds):
        for way in (ours, *others):
            way.measure(stage, jobs)
            plain.app.backend.client.delete(plain.QUEUE)
    title = f"{jobs:,} jobs sent in bulk, {TOGETHER:,} at a time, by `with together():`, {rounds} rounds"
    return Chapter("bulk", title, "other", [figure for other in others for figure in _figures(ours, other)])


def _figures(ours: Way, other: Way) -> list[Figure]:
    return [
        compared(other.name, "jobs a second", list(zip(ours.rates, other.rates, strict=True))),
        compared(
            f"{other.name}: sender and servers",
            "CPU ms a job",
            list(zip(ours.cpu_ms, other.cpu_ms, strict=True)),
        ),
    ]


# --- ways -------------------------------------------------------------------------------------------------------------


def _ways() -> list[Way]:
    return [
        Way("together", lambda jobs: _in_calls(jobs, TOGETHER, _each, together)),
        Way("100 jobs in `together`", lambda jobs: _in_calls(jobs, 100, _each, together)),
        Way("a group in `together`", lambda jobs: _in_calls(jobs, TOGETHER, _group, together)),
        Way("plain Celery, one by one", lambda jobs: _in_calls(jobs, jobs, _each_plain)),
        Way("plain Celery, group", lambda jobs: _in_calls(jobs, TOGETHER, _group_plain)),
        Way("plain Celery, kombu's pipeline", lambda jobs: _in_calls(jobs, TOGETHER, _pipelined)),
    ]


def _of_scheme(stage: Stage, jobs: int) -> Way:
    slices = SchemeSlices(stage)
    return Way("a batch that calls a scheme", slices.send, partial(slices.make, jobs))


def _in_calls(
    jobs: int,
    size: int,
    send: Callable[[Iterable[int]], Any],
    around: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    for start in range(0, jobs, size):
        with around():
            send(range(start, min(start + size, jobs)))


def _each(numbers: Iterable[int]) -> None:
    for number in numbers:
        tasks.nothing.delay(number)


def _group(numbers: Iterable[int]) -> None:
    group(tasks.nothing.s(number) for number in numbers).apply_async()


def _each_plain(numbers: Iterable[int]) -> None:
    for number in numbers:
        plain.nothing.delay(number)


def _group_plain(numbers: Iterable[int]) -> None:
    group(plain.nothing.s(number) for number in numbers).apply_async()


def _pipelined(numbers: Iterable[int]) -> None:
    """Kombu gathers what is published, and sends it in few commands; nothing goes on if the process dies on the way."""
    with plain.app.producer_or_acquire() as producer, producer.batch():
        for number in numbers:
            plain.nothing.apply_async((number,), producer=producer)


def _peers(stage: Stage, environments: Path) -> list[Way]:
    server = embedded.servers(stage.data_dir).database_url
    ways = []
    for peer in chosen(PEERS):
        try:
            round_ = PeerRound(stage, server, peer, python_of(peer.requirements, environments))
        except PeerFailed as error:
            print(f"{peer.name} is left out: {error}")
            continue
        ways.append(Way(peer.name, round_.sent_in_bulk, round_.begin_anew))
    return ways


def _servers_s(stage: Stage) -> float:
    seconds = usage.cpu_s(stage)
    return sum(seconds[name] for name in _SERVERS)
