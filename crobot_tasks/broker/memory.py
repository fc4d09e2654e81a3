"""How much memory the broker has in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from crobot_errors import BrokerUnreachable
from crobot_tasks.broker.answers import check_answers
from crobot_tasks.broker.queues import UNREACHABLE
from crobot_tasks.celery import app


class Memory(NamedTuple):
    """What is used, and how much may be: what the broker is told, or else the machine's; 0 if nobody knows."""

    used_bytes: int
    most_bytes: int


def memory() -> Memory | None:
    """Ask Redis or Valkey; None of another broker.

    Raises:
        BrokerUnreachable: it does not answer.
    """
    check_answers()
    try:
        with app.connection_for_write() as connection:
            if connection.transport.driver_type != "redis":
                return None
            return memory_of(connection.default_channel.client.info("memory"))
    except UNREACHABLE as error:
        raise BrokerUnreachable(f"the broker does not tell its memory: {error}") from error


def memory_of(info: Mapping[str, Any]) -> Memory:
    """Return what its INFO says."""
    most = info.get("maxmemory") or info.get("total_system_memory") or 0
    return Memory(int(info["used_memory"]), int(most))
