"""(j) A large chord in the middle of a chain, against the same canvas of plain Celery tasks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from celery import chain, chord

from benchmarks import plain, tasks
from benchmarks.figures import Chapter, Figure
from benchmarks.stage import Stage
from tests.processes import value

PATIENCE_S = 1_800.0
#: one after the other, so that what grows faster than the chord is seen
SIZES = (100, 3_000, 10_000)


@dataclass(frozen=True)
class Times:
    """Seconds from the send: until all members are sent, and until the chord's body has its result."""

    members_sent: float | None
    whole: float


def measure(stage: Stage) -> Chapter:
    """Send a chain of one task, a chord and its body, of both kinds in turn."""
    figures = []
    for size in SIZES:
        theirs, ours = _plain(size), _jobs(size)
        figures += [
            Figure(f"{size:,} members: all sent", "s", ours.members_sent),
            Figure(f"{size:,} members: body done", "s", ours.whole, theirs.whole, ours.whole / theirs.whole),
        ]
    return Chapter("j", "a chord in a chain, of tasks that do nothing", "plain Celery", figures)


def _plain(size: int) -> Times:
    began = time.perf_counter()
    result = _canvas(plain, size).apply_async()
    _wait(result, size)
    return Times(None, time.perf_counter() - began)


def _jobs(size: int) -> Times:
    jobs_before = _jobs_there()
    began = time.perf_counter()
    result = _canvas(tasks, size).apply_async()
    while _jobs_there() < jobs_before + 1 + size:
        time.sleep(0.05)
    members_sent = time.perf_counter() - began
    _wait(result, size)
    return Times(members_sent, time.perf_counter() - began)


def _canvas(module: Any, size: int) -> Any:
    members = [module.nothing.si(number) for number in range(size)]
    return chain(module.nothing.s(1), chord(members, module.count.s()))


def _wait(result: Any, size: int) -> None:
    """Until the body has its result; without the parents, each of which Celery's `get` looks at for each message."""
    result.parent = None
    counted = result.get(timeout=PATIENCE_S)
    if counted != size:
        raise ValueError(f"the chord's body got {counted} results, of {size} members")


def _jobs_there() -> int:
    return int(value("SELECT count(*) FROM crobot.jobs"))
