"""Jobs as they are now, shown live on a terminal, and as lines anywhere else."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rich.live import Live

from crobot_tasks.broker import folders
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.tables import Table, table
from crobot_tasks.operate import explain
from crobot_tasks.operate.amounts import duration
from db.crobot import LIVE, JobState, jobs, overview
from db.crobot.selection import Selection
from db.engine import transaction
from demo.stage import DemoFailed, console, say
from workers.storage import log_path

COLUMNS = (
    Column("Job", Kind.ID),
    Column("Type"),
    Column("State"),
    Column("Node"),
    Column("Attempt", Kind.ID),
    Column("Runs for", Kind.NUMBER),
    Column("Now", Kind.TEXT),
)
#: without a terminal something is said at least this often
QUIET_S = 5.0
#: the time at the beginning of a log line
STAMP = re.compile(r"^\d{4}-\d\d-\d\d[T ]\S+ (- )?")


@dataclass(frozen=True)
class Sight:
    """One job at one moment."""

    job_id: int
    type: str
    state: str
    node: str
    attempt: int
    run_s: float | None
    #: the log's last line, or why it waits, or how it ended
    now: str

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state not in LIVE

    def cells(self) -> tuple[str, ...]:
        """As a line of the table."""
        return (
            str(self.job_id),
            self.type,
            self.state,
            self.node,
            str(self.attempt or ""),
            duration(self.run_s),
            self.now,
        )


def look(job_id: int, barcode: str) -> list[Sight]:
    """Return how an assembly job and those that follow on its assembly stand, the oldest first."""
    with transaction() as session:
        rows = [
            *jobs.listing(session, Selection(tag=barcode)),
            *jobs.listing(session, Selection(ids=(job_id,))),
        ]
        why = explain.why_each_waits(session, [row.id for row in rows])
    rows.sort(key=lambda row: row.id)
    return [
        Sight(
            row.id,
            row.type,
            row.state,
            row.node or "",
            row.attempt,
            row.run_s,
            _now(row, why.get(row.id, "")),
        )
        for row in rows
    ]


def watch(see: Callable[[], Sequence[Sight]], check: Callable[[], None], timeout_s: float) -> Sequence[Sight]:
    """Show jobs, and those that follow from them, until all are over.

    Raises:
        DemoFailed: they are not over in time, or a process ended.
    """
    ends_at = time.monotonic() + timeout_s
    with _Table() if console.is_terminal else _Lines() as show:
        while True:
            sights = see()
            show.update(sights)
            if (
                all(sight.over for sight in sights)
                and not _more_to_come(sights)
                and len(see()) == len(sights)
            ):
                return sights
            check()
            if time.monotonic() > ends_at:
                raise DemoFailed(f"the jobs are not over after {timeout_s:.0f} s")
            time.sleep(0.3)


def _more_to_come(sights: Sequence[Sight]) -> bool:
    """Whether jobs that follow are still to be sent, as for a moment after an assembly; asked after the states."""
    with transaction() as session:
        return overview.is_to_follow(session, [sight.job_id for sight in sights])


class _Table:
    """A table that changes in its place."""

    def __enter__(self) -> Self:
        self._live = Live(console=console, refresh_per_second=4)
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def update(self, sights: Sequence[Sight]) -> None:
        """Show the jobs as they are now."""
        self._live.update(_made(sights))


class _Lines:
    """A line for each change, and now and then one in between."""

    def __init__(self) -> None:
        self._said: dict[int, tuple[str, str, str]] = {}
        self._said_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to clear."""

    def update(self, sights: Sequence[Sight]) -> None:
        """Say what has changed."""
        quiet = time.monotonic() - self._said_at > QUIET_S
        for sight in sights:
            seen = (sight.state, sight.node, sight.now)
            if seen != self._said.get(sight.job_id) or (quiet and not sight.over):
                say("  ".join(cell for cell in ("job", *sight.cells()) if cell))
                self._said[sight.job_id] = seen
                self._said_at = time.monotonic()


def _made(sights: Sequence[Sight]) -> Table:
    return table(COLUMNS, [sight.cells() for sight in sights])


def _now(row: Any, why: str) -> str:
    state = row.state
    if state == JobState.RUNNING:
        return last_line(row.id, row.attempt) or why
    if state in LIVE:
        return why
    return row.message or ""


def last_line(job_id: int, attempt: int) -> str:
    """Return the newest line of an attempt's log."""
    path: Path = log_path(folders.storage_root(), job_id, attempt)
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2000))
        lines = file.read().decode(errors="replace").splitlines()
    return STAMP.sub("", lines[-1])[:110] if lines else ""
