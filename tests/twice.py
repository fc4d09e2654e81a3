"""Imported by the processes of a cluster, it publishes every message between heads and nodes twice, for real."""

from __future__ import annotations

import re
from typing import Any

from kombu import Producer

#: what heads send to plain tasks has this header
OUTBOX = "crobot_message"
#: a plain task that somebody else sends, and that is delivered twice, runs twice, as with Celery
_DOUBLED = re.compile(r"node\..*|acks\..*|crobot\.(reports|heartbeats|settle)")
_ONCE = re.compile(r"celery\..*|crobot\.(local_job|rescue)|plain\..*")

_publish = Producer.publish


def _publish_twice(self: Producer, body: Any, routing_key: str | None = None, **options: Any) -> Any:
    sent = _publish(self, body, routing_key, **options)
    headers = options.get("headers") or {}
    ours = _DOUBLED.fullmatch(routing_key or "") and not _ONCE.fullmatch(headers.get("task", ""))
    if ours or OUTBOX in headers:
        _publish(self, body, routing_key, **options)
    return sent


Producer.publish = _publish_twice
