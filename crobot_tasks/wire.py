"""What heads and nodes must agree on: names of queues and workers, versions of formats, and the order to stop."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from amqp.exceptions import AMQPError
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from crobot_tasks.celery import app

#: version of a node message's format; a node that does not know it says so, and runs nothing
MESSAGE_FORMAT = 1
#: version of the format of heartbeats and reports
REPORT_FORMAT = 1

#: a node's name, which is also part of the names of its queues
NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")

HEARTBEATS = "crobot.heartbeats"
REPORTS = "crobot.reports"
SETTLE = "crobot.settle"

#: how a broker or a result store that is away shows itself
UNREACHABLE = (OperationalError, RedisError, AMQPError, OSError)


@lru_cache(maxsize=4096)
def queue(name: str) -> Queue:
    """Return the queue of this name on the default exchange, which no broker that came back empty has forgotten."""
    return Queue(name, exchange=Exchange(""), routing_key=name)


def node_queue(node: str) -> str:
    """Return the queue of a node's work."""
    return f"node.{node}"


def ack_queue(node: str) -> str:
    """Return the queue of acknowledgements to a node."""
    return f"acks.{node}"


def worker_hostname(node: str) -> str:
    """Return the Celery name of a node's worker, as Flower and `celery inspect` know it."""
    return f"crobot@{node}"


def stop_attempts(node: str, attempt_ids: Iterable[str]) -> None:
    """Tell a node to end attempts, running or not. It may be lost; each heartbeat that still names them repeats it."""
    app.control.broadcast(
        "stop_attempts", arguments={"attempt_ids": list(attempt_ids)}, destination=[worker_hostname(node)]
    )
