"""(b) From a single send to the start of the task's body on an idle node, against plain Celery."""

from __future__ import annotations

import random
import time
from typing import Any

from benchmarks import plain, tasks
from benchmarks.figures import Chapter, Figure, percentile
from benchmarks.stage import Stage

TIMEOUT_S = 30
KINDS = {"job": tasks.clock, "plain": plain.clock}


def measure(stage: Stage, sends: int) -> Chapter:
    """Send one job, one task, one job, …, each when the one before is over."""
    for task in KINDS.values():
        for _ in range(5):
            once(task)
    looks: dict[str, list[tuple[float, ...]]] = {name: [] for name in KINDS}
    for _ in range(sends):
        for name, task in KINDS.items():
            looks[name].append(once(task))
    figures = []
    for position, what in enumerate(("send() returns", "the body starts", "the result is there")):
        ours, theirs = ([1000 * look[position] for look in looks[name]] for name in KINDS)
        for percent in (50, 95):
            values = percentile(ours, percent), percentile(theirs, percent)
            figures.append(
                Figure(f"send until {what}, p{percent}", "ms", *values, ratio=values[0] / values[1])
            )
    return Chapter("b", f"{sends} single sends, idle node", "plain Celery", figures)


def once(task: Any) -> tuple[float, float, float]:
    # an idle node, at no fixed phase of anybody's clock
    time.sleep(random.uniform(0.05, 0.15))
    sent = time.time()
    result = task.delay()
    returned = time.time()
    started = result.get(timeout=TIMEOUT_S)
    return returned - sent, started - sent, time.time() - sent
