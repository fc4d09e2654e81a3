"""How a process of a node's pool ends, and what its pool forgets then."""

from __future__ import annotations

import os
import queue
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kombu.asynchronous import Hub

from crobot_tasks.broker import process_pool
from crobot_tasks.broker.process_pool import ProcessPool
from tests.processes import wait_for


class Running:
    """A pool of two real processes with its loop."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.pool = ProcessPool.Pool(processes=2, synack=False, sched_strategy="fair", threads=False)
        self.pool.register_with_event_loop(self.hub)
        self._loop = self.hub.create_loop()

    def until(self, what: str, condition: Callable[[], Any]) -> None:
        """Let the loop go on until that is so."""

        def step() -> Any:
            self.hub.call_soon(lambda: None)  # the loop must not wait longer than for what is there
            next(self._loop)
            return condition()

        wait_for(what, step)


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    running.until("both processes", lambda: len(running.pool._all_inqueues) == 2)
    yield running
    running.pool.terminate()
    running.pool.join()
    running.hub.close()


@pytest.mark.parametrize(
    ("exitcode", "error", "left"), [(None, None, 0), (None, ValueError(), 1), (155, None, 155)]
)
def test_a_process_that_is_told_to_end_does_not_wait_to_be_killed(
    monkeypatch: pytest.MonkeyPatch, exitcode: int | None, error: Exception | None, left: int
) -> None:
    happened: list[Any] = []
    monkeypatch.setattr(os, "_exit", lambda code: happened.append(("exit", code)))
    monkeypatch.setattr(time, "sleep", lambda seconds: happened.append(("sleep", seconds)))
    worker = object.__new__(ProcessPool.Pool.Worker)
    worker.outq = queue.SimpleQueue()
    worker.on_exit = lambda pid, code: happened.append((pid, code))
    worker._do_exit(7, exitcode, error)
    assert happened == [(7, left), ("exit", left)]


def test_the_pipe_of_a_process_that_was_killed_in_a_task_is_forgotten(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, others = running.pool.create_process_queues, []

    def create_behind_another() -> Any:
        others.append(os.open(os.devnull, os.O_RDONLY))  # so each pipe has another number than the former one
        return create()

    monkeypatch.setattr(running.pool, "create_process_queues", create_behind_another)
    accepted: list[int] = []
    former = list(running.pool._pool)
    running.pool.apply_async(time.sleep, (600,), accept_callback=lambda pid, _: accepted.append(pid))
    running.until("a process to be at it", lambda: accepted)
    os.kill(accepted[0], signal.SIGKILL)
    running.until(
        "the next process",
        lambda: running.pool._pool != former and len(running.pool._all_inqueues) == 2,
    )
    assert set(running.pool._fileno_to_outq.values()) == set(running.pool._pool)
    for file in others:
        os.close(file)


def test_a_process_that_begins_nothing_is_replaced_and_another_does_its_task(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = list(running.pool._pool)
    for process in former:
        os.kill(process.pid, signal.SIGSTOP)
    done: list[int] = []
    running.pool.apply_async(os.getpid, callback=done.append, correlation_id="1.1")
    running.until("the task to be written", running.pool._handed)
    for _ in range(process_pool.LOOKS + 1):
        running.pool._end_idle()
    running.until("one to be gone", lambda: not all(process._is_alive() for process in former))
    for process in former:
        if process._is_alive():
            os.kill(process.pid, signal.SIGCONT)
    running.until("the result", lambda: done)
    assert len(done) == 1


def test_a_process_that_is_busy_may_have_the_next_task_before_it(running: Running) -> None:
    running.pool.apply_async(time.sleep, (600,))
    running.until("a process to be at it", lambda: any(job._accepted for job in running.pool._cache.values()))
    (job,) = running.pool._cache.values()
    waiting = running.pool.apply_async(time.sleep, (600,))
    waiting._write_to = job._write_to
    for _ in range(process_pool.LOOKS + 1):
        running.pool._end_idle()
    assert job._write_to._is_alive()


def test_looks_are_counted_and_come_at_intervals(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    monkeypatch.setattr(running.pool, "_end_idle", lambda: looks.append(time.monotonic()))
    monkeypatch.setattr(process_pool, "LOOK_S", 600.0)
    running.pool.maintain_pool()
    assert looks == []
    monkeypatch.setattr(process_pool, "LOOK_S", 0.0)
    running.pool.maintain_pool()
    assert len(looks) == 1
