"""Imported by the processes of a cluster, it publishes every message between heads and nodes twice, for real."""

from __future__ import annotations

import re
from typing import Any

from kombu import Producer

#: a plain task that is delivered twice runs twice, with Celery as with anybody; only what CRobot sends is doubled
_DOUBLED = re.compile(r"node\..*|acks\..*|crobot\.(reports|heartbeats|settle)")
_ONCE = re.compile(r"celery\..*|crobot\.(local_job|rescue)|plain\..*")

_publish = Producer.publish


def _publish_twice(self: Producer, body: Any, routing_key: str | None = None, **options: Any) -> Any:
    sent = _publish(self, body, routing_key, **options)
    task = (options.get("headers") or {}).get("task", "")
    if _DOUBLED.fullmatch(routing_key or "") and not _ONCE.fullmatch(task):
        _publish(self, body, routing_key, **options)
    return sent


Producer.publish = _publish_twice
