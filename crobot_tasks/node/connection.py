"""(c, d) The courier's connection to the broker: opened when it is needed, and again after it was released."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from crobot_tasks.broker.formats import REPORT_FORMAT
from crobot_tasks.broker.queues import (
    HEARTBEATS,
    REPORTS,
    UNREACHABLE,
    ack_queue,
    node_queue,
    queue,
    waiting_in,
)
from crobot_tasks.celery import app


class Connection:
    """What one life of a node says to the heads, and hears of them."""

    def __init__(self, node: str, incarnation: str) -> None:
        self.node, self.incarnation = node, incarnation
        self._connection: Any = None
        self._producer: Any = None

    def publish(self, task: str, queue_name: str, version: int = REPORT_FORMAT, **message: Any) -> None:
        """Send a message to the heads."""
        message |= {"format": version, "node": self.node, "incarnation": self.incarnation}
        app.publish_into(
            queue(queue_name),
            task,
            kwargs={"message": message},
            producer=self._opened(),
            argsrepr=self.node,
            kwargsrepr="",
        )

    def waiting_in(self, name: str) -> int:
        """Return how many messages lie in a queue."""
        return waiting_in(name, self._opened().channel)

    def acknowledged(self) -> Iterator[str]:
        """Take the ids of attempts whose reports the heads have, as far as they have said so."""
        acks = queue(ack_queue(self.node))(self._opened().channel)
        while (message := acks.get(no_ack=True)) is not None:
            yield from message.payload

    def _opened(self) -> Any:
        if self._producer is None:
            self._connection = app.connection_for_write()
            self._connection.ensure_connection(max_retries=1)
            self._producer = app.amqp.Producer(self._connection, auto_declare=False)
            channel = self._producer.channel
            for name in (HEARTBEATS, REPORTS, ack_queue(self.node), node_queue(self.node)):
                queue(name)(channel).declare()
        return self._producer

    def release(self) -> None:
        """Close it; the next use opens another."""
        if self._connection is not None:
            with suppress(*UNREACHABLE):
                self._connection.release()
        self._connection = self._producer = None
