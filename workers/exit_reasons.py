"""Why a tool ended: the only place where exit codes, signals and the kernel's counters become exceptions."""

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
#: a killed tool that used this share of its memory was killed for that, where the kernel does not say
NEAR_LIMIT = 0.8
#: signals that a tool does not send to itself
FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT})
#: signals for which the node is the reason, and not the input
OF_THE_NODE = {
    signal.SIGILL: "it was built for another processor",
    signal.SIGXFSZ: "it met a limit of this node's user on the size of files (ulimit -f)",
    signal.SIGXCPU: "it met a limit of this node's user on CPU time (ulimit -t)",
}
#: exit code → signal, of Python wrappers (spades.py, megahit) that end by sys.exit(-9); sys.exit(-1) means no signal
_PYTHON_WRAPPERS = {
    256 - number: number
    for number in (signal.SIGABRT, signal.SIGBUS, signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM)
}
# What a tool printed counts only where the kernel counts nothing. A quota that was met leaves no trace once the tool
# has removed its files. An allocation that was refused leaves none either (by a limit that the tool sets itself, as
# SPAdes does): the tool ends with an exit code of its own.
NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded|ENOSPC", re.IGNORECASE)
REFUSED_MEMORY = re.compile(
    r"std::bad_alloc|Cannot allocate memory|MemoryError|[Oo]ut of memory|memory exhausted"
    r"|fit into available memory"
)

# What the node's disks and paths do to a tool, by the tool's own words. A path that it does not like is the node's:
# the tools that look at paths get trimmed reads, in the node's scratch.
NODES_TROUBLE = re.compile(
    r"non-ascii characters|Input/output error|Read-only file system|Stale (?:NFS )?file handle"
    r"|Transport endpoint is not connected|Too many open files|File name too long",
    re.IGNORECASE,
)


def error_of(run: ToolRun, output: str, resources: Resources, places: list[Path]) -> AttemptError | None:
    """The exception that the end of a tool stands for; None if all is well.

    ``output`` is what the tool printed last, ``places`` are the directories into which it wrote.
    """
    if run.ended_by in (EndedBy.MEMORY, EndedBy.TIME):
        return _beyond_limit(run, resources)
    if run.exit_code == 0 and run.ended_by is None:
        return None
    return (
        _killed_for_memory(run, resources)
        or _disk_full(run, output, resources, places)
        or _ended_from_outside(run)
        or _node_broken(run, output)
        or _memory_refused(run, output, resources)
        or ToolFailed(f"{run.name} {_exit(run)}: {_last_lines(output)}")
    )


def signal_of(exit_code: int | None) -> signal.Signals | None:
    """The signal that ended a tool, or the last program that it ran, by the conventions of shells and Python."""
    if exit_code is None:
        return None
    number = -exit_code if exit_code < 0 else _PYTHON_WRAPPERS.get(exit_code, exit_code - 128)
    return signal.Signals(number) if number in _SIGNALS else None


_SIGNALS = frozenset(signal.Signals)


def _beyond_limit(run: ToolRun, resources: Resources) -> AttemptError:
    if run.ended_by is EndedBy.TIME:
        return TimeLimit(f"{run.name} was ended: the attempt has used up its {resources.time_s} s")
    used, given = _gb(run.peak_memory_bytes), _gb(resources.memory_bytes)
    return OutOfMemory(f"{run.name} used {used} GB of memory, more than the {given} GB it was given")


def _killed_for_memory(run: ToolRun, resources: Resources) -> OutOfMemory | None:
    """The kernel counts whom it kills, and does not say whom.

    A failure while it killed in our own group is taken for one, since the tool may have hidden how its child
    ended; a wrong guess costs another attempt. Kills elsewhere count only if the tool was killed, too.
    """
    kills, killed = run.oom_kills, _was_killed(run)
    used = f"it used {_gb(run.peak_memory_bytes)} GB, and was given {_gb(resources.memory_bytes)} GB"
    if kills.group or (killed and kills.group is None and kills.machine):
        return OutOfMemory(f"{run.name} {_exit(run)} when the kernel killed for want of memory: {used}")
    if killed and not kills.known and run.peak_memory_bytes >= NEAR_LIMIT * resources.memory_bytes:
        return OutOfMemory(f"{run.name} {_exit(run)}, most likely for want of memory: {used}")
    return None


def _was_killed(run: ToolRun) -> bool:
    return run.ended_by is EndedBy.LOST or signal_of(run.exit_code) is signal.SIGKILL


def _disk_full(run: ToolRun, output: str, resources: Resources, places: list[Path]) -> DiskFull | None:
    """The least room that was seen decides; the output only lifts the limit to what the attempt had asked for."""
    wanted = max(FULL_BELOW_BYTES, resources.disk_bytes if NO_SPACE.search(output) else 0)
    lowest = run.lowest_free_bytes
    if lowest is not None and lowest < wanted:
        return DiskFull(f"{run.name} {_exit(run)} when its scratch disk had only {_gb(lowest)} GB left")
    for place in places:
        free = storage.free_bytes(place)
        if free < wanted or not storage.takes(place, FULL_BELOW_BYTES):
            return DiskFull(
                f"{run.name} {_exit(run)}, and {place} takes no more: {_gb(free)} GB are left, or a quota"
            )
    return None


def _ended_from_outside(run: ToolRun) -> NodeError | None:
    number = signal_of(run.exit_code)
    if run.ended_by is EndedBy.LOST:
        return NodeError(f"{run.name} was lost: its guard process was ended from outside")
    if number in FROM_OUTSIDE:
        return NodeError(f"{run.name} {_exit(run)} from outside, and not for want of memory")
    return None


def _node_broken(run: ToolRun, output: str) -> NodeBroken | None:
    number = signal_of(run.exit_code)
    if number in OF_THE_NODE:
        return NodeBroken(f"{run.name} {_exit(run)}: {OF_THE_NODE[number]}")
    if run.exit_code in CANNOT_START:
        return NodeBroken(f"{run.name} cannot be started on this node: {_last_lines(output)}")
    if NODES_TROUBLE.search(output):
        return NodeBroken(f"{run.name} {_exit(run)}, which is this node's trouble: {_last_lines(output)}")
    return None


def _memory_refused(run: ToolRun, output: str, resources: Resources) -> OutOfMemory | None:
    found = REFUSED_MEMORY.search(output)
    given = f"(it was given {_gb(resources.memory_bytes)} GB)"
    return OutOfMemory(f"{run.name} {_exit(run)} with {found.group()!r} {given}") if found else None


def _exit(run: ToolRun) -> str:
    if run.exit_code is None:
        return "was lost"
    number = signal_of(run.exit_code)
    if number is None:
        return f"ended with exit code {run.exit_code}"
    wrapped = f" (exit code {run.exit_code})" if run.exit_code > 0 else ""
    return f"was ended by {number.name}{wrapped}"


def _last_lines(output: str, lines: int = 3) -> str:
    printed = [line.strip() for line in output.splitlines() if line.strip()]
    # many tools print what is wrong first, and whom to write to last
    printed = [line for line in printed if "error" in line.lower()] or printed
    return " | ".join(printed[-lines:])[-500:] or "it printed nothing"


def _gb(size: int) -> str:
    return f"{size / 1e9:.2f}"
