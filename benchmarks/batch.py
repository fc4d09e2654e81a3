"""(k) A batch of jobs that do nothing, through its whole life, with interactive jobs beside it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import uuid4

from benchmarks import tasks, usage
from benchmarks.figures import Chapter, Figure, percentile
from benchmarks.stage import Stage
from crobot_tasks.batches.batch import Batch
from tests.processes import value

#: batches whose costs a job are compared: one has so many times the jobs of the other
TIMES = 10
PATIENCE_S = 3_600.0


@dataclass
class Life:
    """What one batch took, and what was seen on the way."""

    items: int
    made_s: float = 0.0
    whole_s: float = 0.0
    #: seconds to count its items, once a look
    looks_s: list[float] = field(default_factory=list)
    #: seconds from the send of an interactive job to the start of its body
    waits_s: list[float] = field(default_factory=list)
    used: dict[str, float] = field(default_factory=dict)
    peak_mb: dict[str, float] = field(default_factory=dict)

    def per_1000(self, amount: float) -> float:
        return 1000 * amount / self.items


def measure(stage: Stage, items: int) -> Chapter:
    """Compare a batch with one of a tenth of its items."""
    _live(stage, 100)
    small, large = _live(stage, items // TIMES), _live(stage, items)
    pairs = [
        ("made", "items a second", [life.items / life.made_s for life in (large, small)]),
        ("whole life", "jobs a second", [life.items / life.whole_s for life in (large, small)]),
        ("to count its items, p95", "ms", [1000 * percentile(life.looks_s, 95) for life in (large, small)]),
        ("interactive job: send to body, p50", "ms", [1000 * percentile(life.waits_s, 50) for life in (large, small)]),
        ("interactive job: send to body, p95", "ms", [1000 * percentile(life.waits_s, 95) for life in (large, small)]),
        *((f"{name}", "a 1,000 jobs", [life.per_1000(life.used[name]) for life in (large, small)])
          for name in large.used),
        *((f"peak memory: {name}", "MB", [life.peak_mb[name] for life in (large, small)]) for name in large.peak_mb),
    ]  # fmt: skip
    figures = [
        Figure(what, unit, ours, theirs, ours / theirs if theirs else None)
        for what, unit, (ours, theirs) in pairs
    ]
    return Chapter("k", f"a batch of {items:,} jobs that do nothing", f"of {items // TIMES:,}", figures)


def _live(stage: Stage, items: int) -> Life:
    life, name = Life(items), f"bench-{uuid4()}"
    cpu_s, counted, bytes_before = usage.cpu_s(stage), usage.counters(), _database_bytes()
    began = time.perf_counter()
    batch = Batch.of((tasks.nothing.s(number) for number in range(items)), name=name)
    life.made_s = time.perf_counter() - began
    while batch.state != "over":
        _look(stage, batch, life)
        if time.perf_counter() - began > PATIENCE_S:
            raise TimeoutError(f"{name} is not over after {PATIENCE_S:g} s: {batch.standing()}")
    life.whole_s = time.perf_counter() - began
    if (standing := batch.standing()).complete != items:
        raise ValueError(f"not every item of {name} is complete: {standing}")
    seconds = {f"CPU s of {who}": used for who, used in usage.used(cpu_s, usage.cpu_s(stage)).items()}
    bytes_now = (_database_bytes() - bytes_before) / 1000
    life.used = seconds | usage.used(counted, usage.counters()) | {"kB of database": bytes_now}
    return life


def _look(stage: Stage, batch: Batch, life: Life) -> None:
    began = time.perf_counter()
    batch.standing()
    life.looks_s.append(time.perf_counter() - began)
    for name, sizes in usage.memory_mb(stage).items():
        life.peak_mb[name] = max(life.peak_mb.get(name, 0.0), sizes["PSS"])
    sent = time.time()
    life.waits_s.append(tasks.clock.apply_async(priority=0).get(timeout=PATIENCE_S) - sent)
    time.sleep(0.3)


def _database_bytes() -> float:
    return float(value("SELECT pg_database_size(current_database())"))
