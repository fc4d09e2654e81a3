"""The processes in which a node, or the worker for plain tasks, runs its tasks; tests stop and wake them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import psutil

from tests.processes import Process, wait_for


def pool(worker: Process) -> list[psutil.Process]:
    """What runs its tasks now; short helpers and tools of the worker are none of them."""
    return [child for child in psutil.Process(worker.pid).children() if _is_pool(child)]


@contextmanager
def standing_still(*workers: Process, size: int) -> Iterator[list[psutil.Process]]:
    """Stop all processes of these workers, `size` of each, and wake them afterwards."""
    stopped: list[psutil.Process] = []
    try:
        for worker in workers:
            stopped += _stop(worker, size)
        yield stopped
    finally:
        go_on(stopped)


def go_on(processes: Iterable[psutil.Process]) -> None:
    """Wake them; the worker may have replaced one meanwhile."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.resume()


def _stop(worker: Process, size: int) -> list[psutil.Process]:
    """Wait for so many: the successor of one that an earlier test ended may not be there yet."""

    def all_stopped() -> list[psutil.Process]:
        processes = pool(worker)
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        return (
            processes if [_status(process) for process in processes] == [psutil.STATUS_STOPPED] * size else []
        )

    return list(wait_for(f"{size} processes of {worker.name} to stand still", all_stopped))


def _is_pool(process: psutil.Process) -> bool:
    with suppress(psutil.Error, OSError):
        return process.exe() == os.path.realpath(f"/proc/{process.ppid()}/exe")
    return False


def _status(process: psutil.Process) -> str | None:
    with suppress(psutil.NoSuchProcess):
        return str(process.status())
    return None
