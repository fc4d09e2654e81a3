"""What the end of a tool means: the one place where exit codes and last words become exceptions."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from crobot_errors import AttemptError, DiskFull, NodeBroken, NodeError, OutOfMemory, TimeLimit, ToolFailed
from workers import storage
from workers.job import Resources
from workers.process import EndedBy, ToolRun

#: shells, env and our guard use these for "cannot be executed" and "not found"
CANNOT_START = (126, 127)
#: below this a file system counts as full whatever the tool says
FULL_BELOW_BYTES = 16 * 2**20
NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded|ENOSPC", re.IGNORECASE)
NO_MEMORY = re.compile(
    r"std::bad_alloc|Cannot allocate memory|MemoryError|OS return value: -9"
    r"|[Oo]ut of memory|memory exhausted|fit into available memory"
)


def error_of(run: ToolRun, words: str, resources: Resources, places: list[Path]) -> AttemptError | None:
    """The exception that the end of a tool stands for; None if all is well.

    ``words`` is what the tool printed last, ``places`` are the directories into which it wrote.
    """
    if run.ended_by is not None:
        return _ended_by_us(run, resources)
    if run.exit_code == 0:
        return None
    return (
        _disk_full(run, words, resources, places)
        or _out_of_memory(run, words, resources)
        or _cannot_start(run, words)
        or ToolFailed(f"{run.name} {_ending(run)}: {_last_words(words)}")
    )


def _ended_by_us(run: ToolRun, resources: Resources) -> AttemptError:
    match run.ended_by:
        case EndedBy.MEMORY:
            used, given = _gb(run.peak_memory_bytes), _gb(resources.memory_bytes)
            return OutOfMemory(f"{run.name} used {used} GB of memory, more than the {given} GB it was given")
        case EndedBy.TIME:
            return TimeLimit(f"{run.name} was ended: the attempt has used up its {resources.time_s} s")
        case _:
            return NodeError(f"{run.name} was lost: its guard process was killed from outside")


def _disk_full(run: ToolRun, words: str, resources: Resources, places: list[Path]) -> DiskFull | None:
    """Words alone do not decide (tools print them for other reasons), nor does space (files are deleted)."""
    limit = max(FULL_BELOW_BYTES, resources.disk_bytes if NO_SPACE.search(words) else 0)
    for place in places:
        free = storage.free_bytes(place)
        if free < limit:
            return DiskFull(f"{run.name} {_ending(run)}, and {place} has only {_gb(free)} GB left")
    return None


def _out_of_memory(run: ToolRun, words: str, resources: Resources) -> OutOfMemory | None:
    given = f"(it was given {_gb(resources.memory_bytes)} GB)"
    if run.exit_code == -signal.SIGKILL:
        return OutOfMemory(f"{run.name} was killed, most likely by the kernel for want of memory {given}")
    found = NO_MEMORY.search(words)
    return OutOfMemory(f"{run.name} {_ending(run)} with {found.group()!r} {given}") if found else None


def _cannot_start(run: ToolRun, words: str) -> NodeBroken | None:
    if run.exit_code not in CANNOT_START:
        return None
    return NodeBroken(f"{run.name} cannot be started on this node: {_last_words(words)}")


def _ending(run: ToolRun) -> str:
    code = run.exit_code or 0
    return f"ended with exit code {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"


def _last_words(words: str, lines: int = 3) -> str:
    said = [line.strip() for line in words.splitlines() if line.strip()]
    # many tools say what is wrong first, and whom to write to last
    said = [line for line in said if "error" in line.lower()] or said
    return " | ".join(said[-lines:])[-500:] or "it said nothing"


def _gb(size: int) -> str:
    return f"{size / 1e9:.2f}"
