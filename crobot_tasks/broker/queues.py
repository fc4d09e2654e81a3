"""The queues between heads and nodes, by name."""

from __future__ import annotations

from functools import lru_cache

from amqp.exceptions import AMQPError
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

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
