"""The same small tasks twice: as jobs, and as plain Celery tasks, so that what canvas makes of them can be compared."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.job_task import JobTask

_short = {"expected_s": 0.01, "memory_bytes": 10 * 1024**2}


def _define(kind: str, options: dict[str, Any]) -> SimpleNamespace:
    """Define the tasks once; ``options`` makes them jobs."""

    def task(**more: Any) -> Any:
        return lambda function: app.task(name=f"{kind}.{function.__name__}", **options, **more)(function)

    @task()
    def add(x: int, y: int) -> int:
        return x + y

    @task()
    def double(x: int) -> int:
        return 2 * x

    @task()
    def total(numbers: list[int]) -> int:
        return sum(numbers)

    @task()
    def constant(value: Any = 7) -> Any:
        return value

    @task(throws=(ValueError,))
    def fail(x: Any = None) -> None:
        raise ValueError(f"cannot work with {x}")

    @task(throws=(ConnectionError,))
    def lost() -> None:
        raise ConnectionError("no route to the sequencer")

    small = (add, double, total, constant, fail, lost)
    return SimpleNamespace(**{each.name.split(".")[1]: each for each in (*small, *_define_bodies(task))})


def _define_bodies(task: Callable[..., Any]) -> tuple[Any, ...]:
    """Define tasks whose bodies say what they are told, and tell how far they are."""

    @task(bind=True)
    def seen(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return json.loads(json.dumps(vars(self.request), default=repr)) | {
            "children": list(self.request.children)
        }

    @task(bind=True)
    def tell(self: Any, state: str | None, meta: Any, until: str | None = None) -> str:
        self.update_state(state=state, meta=meta)
        _wait_for(until)
        return "told"

    @task(soft_time_limit=1)
    def nap(seconds: float, catch: bool = False) -> str:
        try:
            time.sleep(seconds)
        except SoftTimeLimitExceeded:
            if not catch:
                raise
            return "interrupted"
        return "slept"

    return seen, tell, nap


def _wait_for(path: str | None) -> None:
    while path and not Path(path).exists():
        time.sleep(0.02)


jobs = _define("jobs", {"base": JobTask, **_short})
plain = _define("plain", {})


@app.task(name="plain.note")
def note(*args: Any) -> None:
    """Count a call, so that a test sees how often a callback came: the last argument is the key."""
    app.backend.client.rpush(args[-1], "called")


@app.task(name="jobs.revoke", base=JobTask, **_short)
def revoking(task_id: str) -> None:
    """Revoke a task from a calculation node, which has no database."""
    app.control.revoke(task_id)


@app.task(name="plain.note_once")
def note_once(key: str) -> None:
    """Do the same, with the one argument that makes Celery send an errback and not call it."""
    note(key)


@app.task(name="plain.replaced", bind=True)
def replaced(self: Any, signature: Any) -> Any:
    """A plain task that puts a job, or a canvas of jobs, in its place."""
    return self.replace(app.signature(signature))
