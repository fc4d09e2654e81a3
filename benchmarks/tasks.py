"""Jobs that do nothing, which the node and the sender import (setting `imports`)."""

from __future__ import annotations

import time

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.job_task import JobTask

_short = {"base": JobTask, "expected_s": 0.005, "memory_bytes": 10 * 1024**2}


@app.task(name="bench.nothing", **_short)
def nothing(value: int) -> int:
    """Return at once."""
    return value


@app.task(name="bench.count", **_short)
def count(values: list[int]) -> int:
    """Return how many results the members of a chord had."""
    return len(values)


@app.task(name="bench.clock", **_short)
def clock() -> float:
    """Return when the body began."""
    return time.time()
