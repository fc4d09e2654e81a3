"""Jobs that fail on purpose: differently at the first attempt, and each beginning leaves a line in a file."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.tasks import PipelineTask
from workers.attempt import Attempt
from workers.pipelines.base import Outcome
from workers.pipelines.probe import Probe

_short = {"expected_s": 0.01, "memory_bytes": 10 * 1024**2}


class Trial(Probe):
    """The probe, with ``first``: parameters of the first attempt only, and ``note``: a file that lists what began."""

    name = "trial"

    def run(self, attempt: Attempt) -> Outcome:
        params = attempt.job.params
        _note(params.get("note"), f"{attempt.job_id}.{attempt.number}")
        if attempt.number == 1:
            params |= params.get("first", {})
        return super().run(attempt)


trial = app.register_task(PipelineTask(Trial()))


@app.task(name="faults.noted", base=JobTask, bind=True, **_short)
def noted(self: Any, note: str, value: Any = None) -> Any:
    """Leave a line in the file ``note``."""
    _note(note, self.request.attempt_id)
    return value


@app.task(name="faults.ordered", base=JobTask, bind=True, **_short)
def ordered(self: Any, note: str, order: str) -> str:
    """Leave a line in the file ``note``, and work until the file ``order`` is there."""
    _note(note, self.request.id)
    while not Path(order).exists():
        time.sleep(0.05)
    return order


@app.task(name="faults.added", base=JobTask, bind=True, **_short)
def added(self: Any, x: int, note: str, key: str) -> int:
    """Leave ``key`` and the number of the job in the file, and count on."""
    _note(note, f"{key}@{_job(self)}")
    return x + 1


@app.task(name="faults.called")
def called(_: Any, note: str, key: str) -> None:
    """A plain callback: leave ``key`` in the file, and the number of no job."""
    _note(note, f"{key}@0")


@app.task(name="faults.summed", base=JobTask, bind=True, **_short)
def summed(self: Any, numbers: list[int], note: str, key: str) -> int:
    """The body of a chord: leave ``key`` and the number of the job in the file."""
    _note(note, f"{key}@{_job(self)}")
    return sum(numbers)


@app.task(name="faults.refused", base=JobTask, throws=(ValueError,), **_short)
def refused(value: Any = None) -> None:
    """Fail as a tool would."""
    raise ValueError(f"cannot work with {value}")


@app.task(name="faults.strike", base=JobTask, bind=True, **_short)
def strike(self: Any, how: str, attempts: int = 9) -> str:
    """End in the middle of a body that no pipeline protects, in the first ``attempts`` attempts."""
    if self.request.attempt <= attempts:
        _strike(how)
    return "survived"


@app.task(name="faults.wordy", base=JobTask, **_short)
def wordy(characters: int) -> dict[str, Any]:
    """Return a long result."""
    return {"words": "word " * (characters // 5), "usage": {"peak_memory_bytes": 7}}


def _strike(how: str) -> None:
    match how:
        case "exit":
            sys.exit(3)
        case "memory":
            raise MemoryError
        case "crash":
            raise RuntimeError("the body crashed")
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "gone":
            os._exit(1)


def _job(task: Any) -> str:
    return str(task.request.job_id)


def _note(path: str | None, line: str) -> None:
    if path:
        with Path(path).open("a") as file:
            file.write(f"{line}\n")
