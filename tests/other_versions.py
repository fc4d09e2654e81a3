"""Imported by a process of a cluster, it makes it speak as another version: CROBOT_TEST_SPEAKS says as which.

The differences are at the edge where messages are made and read, and all else is today's code.
"""

from __future__ import annotations

import os
from typing import Any

from crobot_tasks.broker.formats import REPORT_FORMATS
from crobot_tasks.head import dispatch, leases
from crobot_tasks.node import connection, run_attempt

#: what format 1 had when it began
_FIRST_HEARTBEAT = {
    "format", "node", "incarnation", "cores", "memory_bytes", "pipelines", "missing", "software", "beat",
    "disk_bytes", "queued", "running", "held", "reports",
}  # fmt: skip
_FIRST_HEADER = {"format", "cores", "memory_bytes", "disk_bytes", "time_s"}


def _old_node() -> None:
    """Sends no tags and no local data."""
    publish = connection.Connection.publish

    def publish_first(self: Any, task: str, queue_name: str, *version: int, **message: Any) -> None:
        message = {name: value for name, value in message.items() if name in _FIRST_HEARTBEAT}
        publish(self, task, queue_name, *version, **message)

    connection.Connection.publish = publish_first  # type: ignore[method-assign]


def _old_head() -> None:
    """Reads no tags and no local data, and names no data."""
    read, send = leases.heartbeat.run, dispatch.app.publish_into

    def first(message: dict[str, Any]) -> None:
        read({name: value for name, value in message.items() if name in _FIRST_HEARTBEAT})

    def send_first(*args: Any, headers: Any = None, **options: Any) -> None:
        if "crobot" in (headers or {}):
            headers = {
                "crobot": {name: value for name, value in headers["crobot"].items() if name in _FIRST_HEADER}
            }
        send(*args, headers=headers, **options)

    leases.heartbeat.run = first
    dispatch.app.publish_into = send_first


def _behind() -> None:
    """A node that knows no format of messages as new as the head's."""
    run_attempt.MESSAGE_FORMAT = 0  # type: ignore[attr-defined]


def _ahead() -> None:
    """A node that reports in a format that the head does not know yet."""
    publish = connection.Connection.publish

    def publish_newer(self: Any, task: str, queue_name: str, version: int = 0, **message: Any) -> None:
        publish(self, task, queue_name, max(REPORT_FORMATS) + 1, **message)

    connection.Connection.publish = publish_newer  # type: ignore[method-assign]


{"old node": _old_node, "old head": _old_head, "behind": _behind, "ahead": _ahead}[
    os.environ["CROBOT_TEST_SPEAKS"]
]()
