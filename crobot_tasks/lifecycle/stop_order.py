"""The order to a node to end attempts that are dead or that nobody wants any more."""

from __future__ import annotations

from collections.abc import Iterable

from crobot_tasks.broker.queues import worker_hostname
from crobot_tasks.celery import app


def stop_attempts(node: str, attempt_ids: Iterable[str]) -> None:
    """Tell a node to end attempts, running or not. It may be lost; each heartbeat that still names them repeats it."""
    app.control.broadcast(
        "stop_attempts", arguments={"attempt_ids": list(attempt_ids)}, destination=[worker_hostname(node)]
    )
