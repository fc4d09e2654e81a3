"""How a process of a node's pool ends, and what its pool does when one was killed, or begins nothing."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import time
from typing import Any

import pytest

from crobot_tasks.broker.process_pool import ProcessPool
from tests.processes import PATIENCE_S
from tests.running_pool import TRIALS


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


@pytest.mark.parametrize("name", TRIALS)
def test_a_pool_of_real_processes(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.running_pool", name],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{TRIALS[name].__doc__}\n{done.stderr}"
