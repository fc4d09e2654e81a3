"""(million) A batch of 1,000,000: made, paused, resumed for some of its jobs, cancelled; each item is accounted for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import psutil
from sqlalchemy import text

from benchmarks import tasks, usage
from benchmarks.figures import Chapter, Figure, percentile
from benchmarks.stage import Stage
from crobot_tasks.batches.account import Account, sum_up
from crobot_tasks.batches.batch import Batch
from db import registry
from db.engine import transaction
from tests.processes import value, wait_for

PATIENCE_S = 7_200.0
#: looks at how the batch stands while nothing moves
LOOKS = 50
SPECIES = "bench"
GENERA = ("Salmonella",)
_STRAINS = text(f"""
    INSERT INTO {SPECIES}.strains (barcode, strain)
    SELECT 'BEN_S' || n, 'strain ' || n FROM generate_series(1, :items) AS n""")


@dataclass
class Seen:
    """What was measured, as it comes: a run of an hour says on the way how far it is."""

    items: int
    figures: list[Figure] = field(default_factory=list)
    peak_mb: dict[str, float] = field(default_factory=dict)

    def note(self, what: str, unit: str, number: float) -> None:
        self.figures.append(Figure(what, unit, number))
        print(f"{what}: {number:,.4g} {unit}", file=sys.stderr, flush=True)

    def note_memory(self, stage: Stage) -> None:
        """Keep the largest sizes of all processes, this one's included."""
        sizes = {name: size["PSS"] for name, size in usage.memory_mb(stage).items()}
        sizes["sender"] = psutil.Process().memory_full_info().pss / 1e6
        for name, size in sizes.items():
            self.peak_mb[name] = max(self.peak_mb.get(name, 0.0), size)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Note the seconds, and PostgreSQL's bytes and log for each item."""
        began, size, log = time.perf_counter(), _database_bytes(), _log_bytes()
        yield
        self.note(what, "s", time.perf_counter() - began)
        self.note(f"{what}: database", "bytes an item", (_database_bytes() - size) / self.items)
        self.note(f"{what}: log of the database", "bytes an item", (_log_bytes() - log) / self.items)


def measure(stage: Stage, items: int, jobs: int) -> Chapter:
    """Make it from signatures, let so many jobs of it end, cancel it; and make one from a file."""
    seen = Seen(items)
    seen.note_memory(stage)
    for name, size in seen.peak_mb.items():
        seen.note(f"memory before: {name}", "MB", size)
    batch = _made(stage, seen)
    _looks(stage, seen, batch, "paused", _times(LOOKS))
    began, before = time.perf_counter(), batch.standing().over
    batch.resume()
    _looks(stage, seen, batch, f"{jobs:,} jobs through their life", lambda: batch.standing().over < jobs)
    seen.note(
        "jobs through their life",
        "a second",
        (batch.standing().over - before) / (time.perf_counter() - began),
    )
    with seen.timed("cancelled"):
        batch.cancel()
        wait_for("the end of the batch", lambda: batch.state == "cancelled", PATIENCE_S)
    _looks(stage, seen, batch, "cancelled", _times(LOOKS))
    _account(stage, seen, batch)
    _from_a_file(stage, seen)
    for name, size in seen.peak_mb.items():
        seen.note(f"peak memory: {name}", "MB", size)
    return Chapter("million", f"a batch of {items:,}, {jobs:,} of its jobs run", "", seen.figures)


def _made(stage: Stage, seen: Seen) -> Batch:
    with seen.timed("made of signatures"):
        signatures = (tasks.nothing.s(number) for number in range(seen.items))
        batch = Batch.of(signatures, name=f"million-{uuid4()}")
    batch.pause("benchmark")
    seen.note_memory(stage)
    return batch


def _times(times: int) -> Callable[[], bool]:
    left = iter(range(times))
    return lambda: next(left, None) is not None


def _looks(stage: Stage, seen: Seen, batch: Batch, what: str, goes_on: Callable[[], bool]) -> None:
    """Ask how the batch stands as long as it goes on."""
    looks_ms = []
    ends_at = time.monotonic() + PATIENCE_S
    while goes_on():
        began = time.perf_counter()
        batch.standing()
        looks_ms.append(1000 * (time.perf_counter() - began))
        seen.note_memory(stage)
        if time.monotonic() > ends_at:
            raise TimeoutError(f"{what}: {batch.standing()}")
        time.sleep(0.1)
    for percent in (50, 95):
        seen.note(f"progress, {what}, p{percent}", "ms", percentile(looks_ms, percent))


def _account(stage: Stage, seen: Seen, batch: Batch) -> None:
    with seen.timed("report"):
        account: Account = sum_up(batch.account())
    seen.note_memory(stage)
    if sum(account.states.values()) != seen.items or set(account.states) - {"COMPLETE", "CANCELLED"}:
        raise ValueError(f"not each item is accounted for: {account.states}")
    for state, items in sorted(account.states.items()):
        seen.note(f"report: {state}", "items", items)


# --- from a file ------------------------------------------------------------------------------------------------------


def _from_a_file(stage: Stage, seen: Seen) -> None:
    """Make a batch of the strains that a file names, as `crobot reassemble --list` does; nothing of it is sent."""
    registry.add_species(SPECIES, "Salmonella enterica", "Salmonella", "BEN", [], GENERA)
    with transaction() as session:
        session.execute(_STRAINS, {"items": seen.items})
    path = stage.folder / "strains.txt"
    path.write_text("".join(f"strain {number}\n" for number in range(1, seen.items + 1)))
    with seen.timed("made from a file"), path.open() as lines:
        batch = Batch.reassemble(SPECIES, map(str.strip, lines), name=f"file-{uuid4()}")
    batch.cancel()
    seen.note_memory(stage)


def _database_bytes() -> float:
    return float(value("SELECT pg_database_size(current_database())"))


def _log_bytes() -> float:
    return float(value("SELECT wal_bytes FROM pg_stat_wal"))
