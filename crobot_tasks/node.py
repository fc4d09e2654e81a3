"""(c) What makes a Celery worker a calculation node: its name, its queue, its spool, its courier; it has no database."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from celery import bootsteps

from crobot_errors import BadInput
from crobot_tasks import signals
from crobot_tasks.celery import app
from crobot_tasks.courier import Courier, software
from crobot_tasks.spool import Spool
from crobot_tasks.tasks import offered
from crobot_tasks.wire import node_queue, queue, worker_hostname
from workers import scratch

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


def node_worker(name: str, cores: int, memory_bytes: int, state_dir: Path, loglevel: str = "INFO") -> Any:
    """Return the worker of a calculation node, ready to ``start()``.

    Raises:
        BadInput: the name is not one, or a node of that name is running here.
    """
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"node name {name!r}: letters, digits, - and _ only, at most 40, beginning with a letter or digit"
        )
    app.conf.result_backend = "disabled://"
    app.loader.import_default_modules()  # what it offers includes the JobTasks of `imports`
    spool = Spool(state_dir)
    incarnation = spool.open()
    scratch.remove_leftovers(state_dir)
    app.spool = spool
    signals.connect()
    pipelines, missing = offered()
    description = {
        "cores": cores,
        "memory_bytes": memory_bytes,
        "pipelines": pipelines,
        "missing": missing,
        "software": software(),
    }
    app.courier = Courier(name, spool, incarnation, description)
    app.steps["worker"].add(CourierStep)
    app.conf.task_queues = [queue(node_queue(name))]
    return app.Worker(
        hostname=worker_hostname(name),
        concurrency=cores,
        pool="prefork",
        loglevel=loglevel,
        without_gossip=True,
        without_mingle=True,
        optimization="fair",
    )


class CourierStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Starts the courier once the pool has forked, and stops it after the pool is empty."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self.courier: Courier = app.courier

    def start(self, worker: Any) -> None:
        """Begin to carry."""
        self.courier.start()

    def stop(self, worker: Any) -> None:
        """Send the last reports."""
        self.courier.stop()

    terminate = stop
