"""The same tasks in an application of plain Celery with its defaults; knows nothing of CRobot.

Its worker finds the broker and the results' store in Celery's own environment variables.
"""

from __future__ import annotations

import time

from celery import Celery

QUEUE = "bench.plain"

app = Celery("plain", set_as_current=False)
app.conf.update(task_default_queue=QUEUE, broker_connection_retry_on_startup=True)


@app.task(name="plain.nothing")
def nothing(value: int) -> int:
    """Return at once."""
    return value


@app.task(name="plain.count")
def count(values: list[int]) -> int:
    """Return how many results the members of a chord had."""
    return len(values)


@app.task(name="plain.clock")
def clock() -> float:
    """Return when the body began."""
    return time.time()
