"""A node's pool of real processes and its loop, in a program of its own: a process that has threads must not fork.

`python -m tests.running_pool NAME` runs the trial of that name, and ends with an error if it fails.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from kombu.asynchronous import Hub

from crobot_tasks.broker import process_pool
from crobot_tasks.broker.process_pool import ProcessPool
from tests.processes import wait_for


class Running:
    """A pool of two processes that are ready."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.pool = ProcessPool.Pool(processes=2, synack=False, sched_strategy="fair", threads=False)
        self.pool.register_with_event_loop(self.hub)
        self._loop = self.hub.create_loop()
        self.until("both processes", lambda: len(self.pool._all_inqueues) == 2)

    def until(self, what: str, condition: Callable[[], Any]) -> None:
        """Let the loop go on until that is so."""

        def step() -> Any:
            self.hub.call_soon(lambda: None)  # the loop must not wait longer than for what is there
            next(self._loop)
            return condition()

        wait_for(what, step)


def killed(running: Running) -> None:
    """The pipe of a process that was killed in a task is forgotten."""
    pool = running.pool
    create, others = pool.create_process_queues, []

    def create_behind_another() -> Any:
        others.append(os.open(os.devnull, os.O_RDONLY))  # so each pipe has another number than the former one
        return create()

    pool.create_process_queues = create_behind_another
    accepted: list[int] = []
    former = list(pool._pool)
    pool.apply_async(time.sleep, (600,), accept_callback=lambda pid, _: accepted.append(pid))
    running.until("a process to be at it", lambda: accepted)
    os.kill(accepted[0], signal.SIGKILL)
    running.until("the next process", lambda: pool._pool != former and len(pool._all_inqueues) == 2)
    assert others
    assert set(pool._fileno_to_outq.values()) == set(pool._pool)


def numb(running: Running) -> None:
    """A process that begins nothing is replaced, and another one does its task, once."""
    pool = running.pool
    former = list(pool._pool)
    for process in former:
        os.kill(process.pid, signal.SIGSTOP)
    done: list[int] = []
    pool.apply_async(os.getpid, callback=done.append, correlation_id="1.1")
    running.until("the task to be written", pool._handed)
    for _ in range(process_pool.LOOKS):
        pool._end_idle()
    assert all(process._is_alive() for process in former)
    pool._end_idle()
    running.until("one to be gone", lambda: not all(process._is_alive() for process in former))
    for process in former:
        if process._is_alive():
            os.kill(process.pid, signal.SIGCONT)
    running.until("the result", lambda: done)
    assert len(done) == 1


def busy(running: Running) -> None:
    """A process that is busy may have the next task before it."""
    pool = running.pool
    pool.apply_async(time.sleep, (600,))
    running.until("a process to be at it", lambda: any(job._accepted for job in pool._cache.values()))
    (job,) = pool._cache.values()
    pool.apply_async(time.sleep, (600,))._write_to = job._write_to
    for _ in range(process_pool.LOOKS + 1):
        pool._end_idle()
    assert job._write_to._is_alive()


def looks(running: Running) -> None:
    """Looks come at intervals."""
    seen: list[float] = []
    running.pool._end_idle = lambda: seen.append(time.monotonic())
    process_pool.LOOK_S = 600.0
    running.pool.maintain_pool()
    assert seen == []
    process_pool.LOOK_S = 0.0
    running.pool.maintain_pool()
    assert len(seen) == 1


TRIALS = {trial.__name__: trial for trial in (killed, numb, busy, looks)}

if __name__ == "__main__":
    of = Running()
    try:
        TRIALS[sys.argv[1]](of)
    finally:
        for one in of.pool._pool:
            os.kill(one.pid, signal.SIGKILL)
    os._exit(0)  # a pool that is left as it is would wait for its processes
