"""The queues between heads and nodes, by name."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from amqp.exceptions import AMQPError
from kombu import Exchange, Queue
from kombu.exceptions import BatchPublishError, OperationalError
from redis.exceptions import RedisError

HEARTBEATS = "crobot.heartbeats"
REPORTS = "crobot.reports"
SETTLE = "crobot.settle"
#: plain tasks that no route sends elsewhere
CALLBACKS = "crobot.callbacks"
#: how the names of the queues of nodes' work begin
NODE_QUEUES = "node."

#: so many messages that nobody has read say that no head reads them, and more of the same would tell it nothing
MOST_UNREAD = 1000

#: how a broker or a result store that is away shows itself
UNREACHABLE = (OperationalError, BatchPublishError, RedisError, AMQPError, OSError)


@lru_cache(maxsize=4096)
def queue(name: str) -> Queue:
    """Return the queue of this name on the default exchange, which no broker that came back empty has forgotten."""
    return Queue(name, exchange=Exchange(""), routing_key=name)


def node_queue(node: str) -> str:
    """Return the queue of a node's work."""
    return f"{NODE_QUEUES}{node}"


def ack_queue(node: str) -> str:
    """Return the queue of acknowledgements to a node."""
    return f"acks.{node}"


def waiting_in(name: str, channel: Any) -> int:
    """Return how many messages of a queue nobody has read."""
    return int(queue(name)(channel).queue_declare().message_count)


def worker_hostname(node: str) -> str:
    """Return the Celery name of a node's worker, as Flower and `celery inspect` know it."""
    return f"crobot@{node}"
