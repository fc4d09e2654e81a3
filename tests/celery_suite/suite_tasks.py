"""The suite's tasks, defined as jobs or as plain tasks; every process of the cluster imports this module."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

import celery
from redis import Redis

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.job_task import JobTask

#: what the tasks are in this process: ``jobs`` or ``plain``
KIND = os.environ.get("CROBOT_SUITE", "jobs")
_OPTIONS = {"base": JobTask, "expected_s": 0.01, "memory_bytes": 10 * 1024**2} if KIND == "jobs" else {}


def _shared_task(*args: Any, pydantic: bool = False, **options: Any) -> Any:
    return app.task(*args, **_OPTIONS | options)


def _connection() -> Any:
    return Redis.from_url(app.conf.broker_url, socket_timeout=None)


def _import() -> ModuleType:
    """Import Celery's module while what it makes tasks with is ours; pydantic is for tests of other things."""
    stand_ins = {"shared_task": _shared_task} | ({"Task": JobTask} if KIND == "jobs" else {})
    former = {name: getattr(celery, name) for name in stand_ins}
    pydantic = ModuleType("pydantic")
    pydantic.BaseModel = object  # type: ignore[attr-defined]
    sys.modules.setdefault("pydantic", pydantic)
    vars(celery).update(stand_ins)
    try:
        return import_module("t.integration.tasks")
    finally:
        vars(celery).update(former)
        if sys.modules["pydantic"] is pydantic:
            del sys.modules["pydantic"]


tasks = _import()
tasks.get_redis_connection = _connection  # type: ignore[attr-defined]
