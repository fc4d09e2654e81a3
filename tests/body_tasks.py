"""Bodies that send, replace themselves and ask to be run again: as jobs, and as plain tasks to compare them with."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from celery import group

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.job_task import JobTask
from tests.canvas_tasks import jobs as canvas_jobs
from tests.canvas_tasks import note

_short = {"expected_s": 0.01, "memory_bytes": 10 * 1024**2}


def replaces(self: Any, signature: Any) -> Any:
    """Put a task, or a canvas, in its place."""
    return self.replace(app.signature(signature))


def sent(self: Any, signature: Any) -> Any:
    """Send a task, or a canvas, and return the id of its result."""
    return app.signature(signature).apply_async().id


def returned(self: Any, signature: Any) -> Any:
    """Send a task, or a canvas, and return its result."""
    return app.signature(signature).apply_async()


def extended(self: Any, signature: Any, lazy: bool = False) -> int:
    """Add a task to the chord of which this is a member."""
    added = self.add_to_chord(app.signature(signature), lazy=lazy)
    if lazy:
        added.delay()
    return 1


def again(self: Any, tries: int, fails: bool = False, **how: Any) -> int:
    """Return how often it was run again: ``tries`` times, if it may."""
    error = ValueError("not yet") if fails else None
    if self.request.retries < tries:
        raise self.retry(exc=error, **how)
    return int(self.request.retries)


def counted_down(self: Any, number: int, *, note: str = "") -> list[Any]:
    """Be run again with other arguments until there is nothing to count."""
    if number:
        raise self.retry(args=(number - 1,), kwargs={"note": f"{note}{number}"})
    return [number, note, self.request.retries]


def tried(self: Any, tries: int) -> int:
    """Meet an error that Celery answers with another try."""
    if self.request.retries < tries:
        raise KeyError(f"try {self.request.retries}")
    return int(self.request.retries)


def asks(self: Any, signature: Any, how: str) -> Any:
    """Ask for the result of what it has just sent."""
    result = app.signature(signature).apply_async()
    return result.state if how == "state" else getattr(result, how)()


_AT_ONCE = {"max_retries": 2, "default_retry_delay": 0}
_BODIES: dict[Callable[..., Any], dict[str, Any]] = {
    replaces: {},
    sent: {},
    returned: {},
    extended: {},
    again: _AT_ONCE,
    counted_down: {"default_retry_delay": 0},
    tried: {"autoretry_for": (KeyError,)} | _AT_ONCE,
    asks: {},
}


def _define(kind: str, options: dict[str, Any]) -> SimpleNamespace:
    """Define the tasks once; ``options`` makes them jobs."""
    return SimpleNamespace(
        **{
            body.__name__: app.task(name=f"{kind}.{body.__name__}", bind=True, **options, **more)(body)
            for body, more in _BODIES.items()
        }
    )


jobs = _define("jobs", {"base": JobTask, **_short})
plain = _define("plain", {})


@app.task(name="bodies.many", base=JobTask, **_short)
def many(key: str, number: int) -> int:
    """Send so many jobs, for later."""
    for each in range(number):
        canvas_jobs.add.apply_async((each, 1), job={"batch": key}, countdown=600)
    return number


@app.task(name="bodies.ends", base=JobTask, bind=True, **_short)
def ends(self: Any, key: str, how: str) -> str:
    """Send a group of jobs and a plain task; the first attempt then ends badly."""
    group(canvas_jobs.add.s(each, 1).set(job={"batch": key}) for each in range(3)).apply_async()
    note.delay(key)
    if self.request.attempt == 1:
        _end(self, how)
    return "sent"


def _end(task: Any, how: str) -> None:
    match how:
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "again":
            raise task.retry(countdown=0)
        case "memory":
            raise MemoryError
        case "fails":
            raise ValueError("no luck")
