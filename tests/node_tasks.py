"""Jobs that use up what a node has, and nodes that wait at the moment between a result and its report."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from billiard.process import current_process

from crobot_tasks.celery import app
from crobot_tasks.node.spool import Spool
from crobot_tasks.tasks import PipelineTask
from tests.fault_tasks import Trial
from workers.attempt import Attempt
from workers.pipelines.base import Outcome
from workers.tools import Tool

PYTHON = Tool("python3", sys.executable, ("--version",), "3.11", "python3")
DD = Tool("dd", "dd", ("--version",), "8.0", "coreutils")
MB = 10**6


class Glutton(Trial):
    """The trial, which may also eat ``eat_mb`` of memory or write ``write_mb`` to its scratch directory."""

    name = "glutton"

    def run(self, attempt: Attempt) -> Outcome:
        outcome = super().run(attempt)
        params = attempt.job.params
        if params.get("eat_mb"):
            code = f"import time; b = b'x' * {params['eat_mb'] * MB}; time.sleep(60)"
            attempt.run_tool(PYTHON, ["-c", code])
        if params.get("write_mb"):
            attempt.run_tool(DD, ["if=/dev/zero", "of=big", "bs=1M", f"count={params['write_mb']}"])
        return outcome


glutton = app.register_task(PipelineTask(Glutton()))

#: in a node's folder: while it is there, processes of the pool wait before they write a report
HOLD = "hold"
#: in a node's folder: the next report meets this error (exit, memory, full)
STRIKE = "strike"

_end = Spool.end


def _end_when_let(self: Spool, attempt_id: str, report: dict[str, Any], must_fsync: bool = False) -> None:
    if current_process()._name != "MainProcess":
        _wait(self.state_dir, attempt_id)
        _strike(self.state_dir / STRIKE)
    _end(self, attempt_id, report, must_fsync)


def _wait(state_dir: Path, attempt_id: str) -> None:
    if (state_dir / HOLD).exists():
        waiting = state_dir / f"waiting.{attempt_id}"
        waiting.touch()
        while (state_dir / HOLD).exists():
            time.sleep(0.02)
        waiting.unlink(missing_ok=True)


def _exit() -> None:
    sys.exit(3)


def _memory() -> None:
    raise MemoryError


def _full() -> None:
    raise OSError(28, "No space left on device")


_STRIKES: dict[str, Callable[[], None]] = {"exit": _exit, "memory": _memory, "full": _full}


def _strike(order: Path) -> None:
    try:
        how = order.read_text()
        order.unlink()
    except FileNotFoundError:
        return
    _STRIKES[how]()


Spool.end = _end_when_let  # type: ignore[method-assign]
