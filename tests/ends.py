"""What must be true of jobs after any fault: one terminal state each, nothing live, nothing owed, no tool left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from tests.processes import query, value, wait_for

_LIVE = "SELECT count(*) FROM crobot.jobs WHERE id = ANY(:ids) AND finished_at IS NULL"
_OWED = "SELECT count(*) FROM crobot.settlements WHERE job_id = ANY(:ids) AND settled_at IS NULL"
_OPEN = "SELECT count(*) FROM crobot.attempts WHERE job_id = ANY(:ids) AND ended_at IS NULL"
_JOBS = "SELECT * FROM crobot.jobs WHERE id = ANY(:ids) ORDER BY id"
_GOOD = "SELECT job_id, number FROM crobot.attempts WHERE job_id = ANY(:ids) AND outcome = 'ok'"


def ended(job_ids: Iterable[int | None]) -> list[Any]:
    """Wait until the jobs have ended and settled, check that each ended once, and return their rows."""
    ids = list(job_ids)
    wait_for(f"the end of {len(ids)} jobs", lambda: value(_LIVE, ids=ids) == 0)
    wait_for(f"the results of {len(ids)} jobs", lambda: value(_OWED, ids=ids) == 0)
    assert value(_OPEN, ids=ids) == 0
    rows = query(_JOBS, ids=ids)
    # the accepted attempt is the last one, and no other was accepted
    complete = sorted((row.id, row.attempt) for row in rows if row.state == "COMPLETE" and row.attempt)
    assert sorted(tuple(row) for row in query(_GOOD, ids=ids)) == complete
    return rows


def complete(job_ids: Iterable[int | None]) -> list[Any]:
    """As `ended`, and all were successful."""
    rows = ended(job_ids)
    assert {row.state for row in rows} == {"COMPLETE"}
    return rows


def attempts(job_id: int | None) -> list[Any]:
    """The history of a job."""
    return query("SELECT * FROM crobot.attempts WHERE job_id = :id ORDER BY number", id=job_id)


def state(job_id: int | None) -> str:
    return str(value("SELECT state FROM crobot.jobs WHERE id = :id", id=job_id))


def reach(job_id: int | None, wanted: str) -> None:
    """Wait until the job is in this state."""
    wait_for(f"job {job_id} to be {wanted}", lambda: state(job_id) == wanted)


def lines(path: Path) -> Counter[str]:
    """What jobs left in a file, and how often."""
    return Counter(path.read_text().split()) if path.exists() else Counter()


def tools(seconds: float) -> list[psutil.Process]:
    """The probe's tools that sleep for exactly so long; tests choose numbers that no other uses."""
    found = []
    for pid in psutil.pids():
        # a process that is gone, or a zombie, has no command; psutil would look at all of each process
        with suppress(OSError, psutil.NoSuchProcess):
            if _is_sleep(Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0"), str(seconds)):
                found.append(psutil.Process(pid))
    return found


def _is_sleep(command: Sequence[str], seconds: str) -> bool:
    return len(command) == 3 and Path(command[0]).name == "sleep" and command[1] == seconds


def tool(seconds: float) -> psutil.Process:
    """Wait for the one tool that sleeps so long."""
    found: list[psutil.Process] = wait_for(f"a tool that sleeps {seconds} s", lambda: tools(seconds))
    assert len(found) == 1
    return found[0]


def no_tool(seconds: float) -> None:
    """Wait until no such tool is left."""
    wait_for(f"the end of the tool that sleeps {seconds} s", lambda: not tools(seconds))
