"""Callbacks and errbacks, plain ones and jobs, that say where they ran and what they were given."""

from __future__ import annotations

import json
import os
from typing import Any

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.job_task import JobTask

_short = {"expected_s": 0.01, "memory_bytes": 10 * 1024**2}


@app.task(name="callbacks.where")
def where(*_: Any) -> list[int]:
    """Return the process and its parent."""
    return [os.getpid(), os.getppid()]


@app.task(base=JobTask, name="callbacks.job_where", **_short)
def job_where(*_: Any) -> list[int]:
    """The same as a job."""
    return [os.getpid(), os.getppid()]


@app.task(name="callbacks.note_where")
def note_where(*args: Any) -> None:
    """Note the process; the last argument is the key."""
    app.backend.client.rpush(args[-1], os.getpid())


@app.task(name="callbacks.push")
def push(value: Any, key: str) -> None:
    """Note what it was given."""
    app.backend.client.rpush(key, json.dumps(value))


@app.task(name="callbacks.told")
def told(request: Any, error: Any, traceback: Any, key: str) -> None:
    """An errback that notes what it was given, and where."""
    app.backend.client.rpush(key, json.dumps({"pid": os.getpid()} | _in_words(request, error, traceback)))


@app.task(base=JobTask, name="callbacks.job_told", **_short)
def job_told(request: Any, error: Any, traceback: Any, key: str) -> dict[str, Any]:
    """The same as a job."""
    return {"key": key} | _in_words(request, error, traceback)


@app.task(name="callbacks.waits")
def waits(request: Any, error: Any, traceback: Any, key: str) -> None:
    """An errback that goes on only when somebody lets it."""
    app.backend.client.blpop(f"{key}-go")
    app.backend.client.rpush(key, "told")


def _in_words(request: Any, error: Any, traceback: Any) -> dict[str, Any]:
    return {
        "id": request.id,
        "error": [type(error).__name__, str(error)],
        "traceback": bool(traceback) and "ValueError" in traceback,
    }
