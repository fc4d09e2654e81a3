"""The worker of `crobot callbacks`: plain Celery tasks in processes of its own, and a thread that posts outcomes.

Any number of such workers may run.
"""

from __future__ import annotations

import socket
from typing import Any

from crobot_tasks.broker.kombu_patches import survive_lost_connections
from crobot_tasks.broker.process_pool import ProcessPool
from crobot_tasks.broker.queues import CALLBACKS
from crobot_tasks.celery import app
from crobot_tasks.webhooks.sender import Sending

#: Redis keeps a list for each of these priorities; programs without our settings write to all of them
PRIORITY_STEPS = [0, 3, 6, 9]


def callbacks_worker(concurrency: int, loglevel: str = "INFO") -> Any:
    """Return a worker for plain tasks, ready to ``start()``.

    Its tasks run in processes, not in threads: they may calculate, have time limits and can be ended, and one that
    takes its process with it harms no other.
    """
    survive_lost_connections()
    app.steps["worker"].add(Sending)
    app.reads = {"priority_steps": PRIORITY_STEPS}
    return app.Worker(
        hostname=f"callbacks@{socket.gethostname()}",
        concurrency=concurrency,
        pool=ProcessPool,
        queues=[CALLBACKS],
        loglevel=loglevel,
        without_gossip=True,
        without_mingle=True,
        optimization="fair",
    )
