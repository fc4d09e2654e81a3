"""The broker's memory; of RabbitMQ only whether it answers."""

from __future__ import annotations

from prometheus_client.core import Metric

from crobot_errors import ServiceError
from crobot_tasks.broker.memory import memory
from crobot_tasks.web.flower.metrics.families import number


def read() -> list[Metric]:
    """Return all families of the broker; it is asked within seconds."""
    try:
        found = memory()
    except ServiceError:
        return [_up(0)]
    if found is None:
        return [_up(1)]
    return [
        _up(1),
        number("crobot_broker_memory_bytes", "Memory that the broker uses", found.used_bytes),
        number("crobot_broker_memory_limit_bytes", "Memory that it may use; 0: no limit", found.most_bytes),
    ]


def _up(value: float) -> Metric:
    return number("crobot_broker_up", "Whether the broker answers", value)
