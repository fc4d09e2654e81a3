"""The only module that starts processes: tools under guard, with limits, that never outlive their attempt."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO

from workers import guard, oom_kills, storage
from workers.oom_kills import OomKills

GUARD = Path(guard.__file__)
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
#: name of the environment variable by which leftovers of a dead worker are recognised
MARK = "CROBOT_RUN"
#: seconds between two looks at a tool's memory
LOOK_EVERY_S = 0.5
#: share of one core that looking may cost: on a machine with very many processes we look less often
LOOK_SHARE = 0.005
#: seconds in which a guard must have ended its tool; processes stuck in the kernel can take longer
END_WITHIN_S = 5.0


class EndedBy(StrEnum):
    """What ended a tool, if it did not end by itself."""

    MEMORY = "memory"
    TIME = "time"
    #: an exception in the worker: cancelled, shut down
    WORKER = "worker"
    #: the guard was ended from outside
    LOST = "lost"


@dataclass(frozen=True)
class Limits:
    """Where a tool is ended: summed memory of its processes, and a point of ``time.monotonic``."""

    memory_bytes: int
    deadline: float


@dataclass
class ToolRun:
    """One run of a tool and what it used; a negative exit code is a signal, None means it was ended."""

    name: str
    args: tuple[str, ...]
    exit_code: int | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    ended_by: EndedBy | None = None
    #: the least room that was seen in the scratch directory, at every look and at the end
    lowest_free_bytes: int | None = None
    #: what the kernel killed for want of memory meanwhile
    oom_kills: OomKills = field(default_factory=OomKills)


def environment(home: Path, cores: int, mark: str) -> dict[str, str]:
    """The clean environment of a tool."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LC_ALL": "C",
        "OMP_NUM_THREADS": str(cores),
        # threads that wait must not spin: on a busy machine that made SPAdes more than twice as slow
        "OMP_WAIT_POLICY": "passive",
        MARK: mark,
    }


def mark(state_dir: Path, job_id: int | None = None, attempt: int | None = None) -> str:
    """The mark on the processes of one attempt, or what the marks of all attempts of a node begin with."""
    return f"{state_dir}:" if job_id is None else f"{state_dir}:{job_id}.{attempt};"


def capture(args: Sequence[str], timeout_s: float = 60.0) -> str:
    """Everything that a short, harmless command prints (a tool's version).

    Raises: OSError if it cannot be started, or does not end.
    """
    try:
        ended = subprocess.run(
            args,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{args[0]} did not end within {timeout_s:.0f} s") from error
    return ended.stdout.decode(errors="replace")


def run(
    name: str,
    args: Sequence[str],
    *,
    cwd: Path,
    scratch: Path,
    env: dict[str, str],
    stdout: IO[bytes],
    stderr: IO[bytes],
    limits: Limits,
    record: Callable[[ToolRun], None],
) -> ToolRun:
    """Run one tool to its end, which ``record`` is told in every case, also when an exception passes."""
    this = ToolRun(name, tuple(args), ended_by=EndedBy.WORKER)
    started, kills = time.monotonic(), oom_kills.read()
    guarded = _Guarded(args, cwd, env, stdout, stderr)
    try:
        this.ended_by = _watch(guarded, this, limits, scratch)
    finally:
        guarded.end(this)
        this.wall_s = time.monotonic() - started
        this.oom_kills = oom_kills.read() - kills
        _see_room(this, scratch)
        record(this)
    return this


class _Guarded:
    """A guard process with its two pipes, and the tool below it."""

    def __init__(
        self, args: Sequence[str], cwd: Path, env: dict[str, str], stdout: IO[bytes], stderr: IO[bytes]
    ) -> None:
        self.mark = env[MARK]
        # as file objects they are closed, which ends the guard, even if an exception strikes in here
        guard_life, self.life = _pipe()
        self.report, guard_report = _pipe()
        with guard_life, guard_report:
            pipes = (guard_life.fileno(), guard_report.fileno())
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARD), *map(str, pipes), *args],
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                pass_fds=pipes,
                start_new_session=True,
            )

    def has_ended(self, within_s: float) -> bool:
        """Wait for the guard's report, or its death."""
        return bool(select.select([self.report], [], [], max(within_s, 0.0))[0])

    def memory_bytes(self) -> int:
        """Memory of the tool's processes together; file pages, which the kernel can drop, do not count."""
        return sum(map(_private_bytes, guard.descendants(self.process.pid)))

    def end(self, this: ToolRun) -> None:
        """End what still runs; closing the life pipe is one step, and the guard does the rest."""
        self.life.close()
        with self.report:
            report = self.report.read() if self.has_ended(END_WITHIN_S) else b""
        if report:
            ended = json.loads(report)
            this.exit_code, this.cpu_s = ended["exit_code"], ended["cpu_s"]
            this.peak_memory_bytes = max(this.peak_memory_bytes, ended["max_rss_bytes"])
            if (
                this.exit_code is None
            ):  # the guard ended the tool; if that was not on our order, it was on a signal
                this.ended_by = this.ended_by or EndedBy.LOST
        else:
            this.ended_by = this.ended_by or EndedBy.LOST
            self.process.kill()
            sweep(self.mark)
        self.process.wait()


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    read, write = os.pipe()
    return os.fdopen(read, "rb", 0), os.fdopen(write, "wb", 0)


def _private_bytes(pid: int) -> int:
    with suppress(OSError):
        pages = Path(f"/proc/{pid}/statm").read_text().split()
        return (int(pages[1]) - int(pages[2])) * PAGE_BYTES
    return 0


def _see_room(this: ToolRun, scratch: Path) -> None:
    """Remember the least free space: tools and their temporary files are often gone when we hear of a failure."""
    with suppress(OSError):
        free = storage.free_bytes(scratch)
        lowest = this.lowest_free_bytes
        this.lowest_free_bytes = free if lowest is None else min(free, lowest)


def _watch(guarded: _Guarded, this: ToolRun, limits: Limits, scratch: Path) -> EndedBy | None:
    """Wait for the tool's own end, or say which limit it passed."""
    pause = LOOK_EVERY_S
    while not guarded.has_ended(min(pause, limits.deadline - time.monotonic())):
        if time.monotonic() >= limits.deadline:
            return EndedBy.TIME
        began = time.thread_time()
        memory = guarded.memory_bytes()
        _see_room(this, scratch)
        pause = max(LOOK_EVERY_S, (time.thread_time() - began) / LOOK_SHARE)
        this.peak_memory_bytes = max(this.peak_memory_bytes, memory)
        if memory > limits.memory_bytes:
            return EndedBy.MEMORY
    return None


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent dies: nobody would hear of its work any more."""
    guard.LIBC.prctl(guard.PR_SET_PDEATHSIG, signal.SIGKILL)


def sweep(begin_of_mark: str) -> list[int]:
    """Kill every process whose mark begins like this: what a dead worker left; returns their pids.

    A node calls it at its start with ``mark(state_dir)``, which is the beginning of all its marks.
    They are read from the processes' environment, so pids that were given anew are never hit.
    """
    begin = f"{MARK}={begin_of_mark}".encode()
    killed = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            variables = Path(f"/proc/{entry}/environ").read_bytes().split(b"\0")
            if any(variable.startswith(begin) for variable in variables):
                os.kill(int(entry), signal.SIGKILL)
                killed.append(int(entry))
    return killed
