"""The guard between a worker and one tool: when the worker vanishes, so does every process of the tool.

Started by process.py as ``python -I -S guard.py LIFE REPORT command…``; imports only the standard library.
LIFE is a pipe whose write end only the worker holds: its end of file means that the worker is gone, or
wants the tool gone. REPORT receives one JSON object when the last process of the tool has ended.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
#: exit code of the forked child when the command could not be started (as shells use it)
CANNOT_START = 126
LIBC = ctypes.CDLL(None, use_errno=True)


def _parents() -> dict[int, int]:
    """The parent of every process of the machine."""
    parents: dict[int, int] = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        # a process that ended while we read is no one's child
        with suppress(OSError), open(f"/proc/{entry}/stat", "rb", 0) as file:
            stat = file.read()
            # the name before the last bracket may hold spaces and brackets itself
            parents[int(entry)] = int(stat[stat.rindex(b")") + 2 :].split(maxsplit=2)[1])
    return parents


def descendants(pid: int) -> set[int]:
    """Every process below ``pid``, also those that made a session of their own."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents().items():
        children.setdefault(parent, []).append(child)
    found: set[int] = set()
    fresh = children.get(pid, [])
    while fresh:
        found.update(fresh)
        fresh = [grandchild for child in fresh for grandchild in children.get(child, [])]
    return found


def _kill_descendants() -> None:
    """Kill until nothing is left: orphans come to us as their subreaper, and are found in the next round."""
    while True:
        for pid in descendants(os.getpid()):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.005)


def _start(command: list[str]) -> int:
    """Fork and execute the tool, which dies with the guard."""
    guard = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guard:
        os._exit(CANNOT_START)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execv(command[0], command)  # noqa: S606 (no shell is wanted)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(CANNOT_START)


def _reap(tool: int) -> int | None:
    """Reap what has ended; the wait status of the tool itself once it is among them."""
    status = None
    with suppress(ChildProcessError):
        while True:
            pid, ended = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            if pid == tool:
                status = ended
    return status


def _watch(tool: int, life: int, wake: int) -> int | None:
    """Wait for the tool's end (its status), or for the order to end it (None)."""
    while True:
        status = _reap(tool)
        if status is not None:
            return status
        ready, _, _ = select.select([life, wake], [], [])
        if life in ready:
            return None
        if any(number != signal.SIGCHLD for number in os.read(wake, 64)):
            return None


def _report(status: int | None, fd: int) -> None:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = None if status is None else os.waitstatus_to_exitcode(status)
    body = {"exit_code": code, "cpu_s": used.ru_utime + used.ru_stime, "max_rss_bytes": used.ru_maxrss * 1024}
    with suppress(BrokenPipeError):
        os.write(fd, json.dumps(body).encode())


def main() -> None:
    """Run one tool under guard, and report."""
    life, report, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)
    for fd in (life, report):
        os.set_inheritable(fd, False)
    wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(waker)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    status = _watch(_start(command), life, wake)
    _kill_descendants()
    _report(status, report)


if __name__ == "__main__":
    main()
