"""A cure for kombu 5.7: a worker that lost Redis or Valkey at the wrong moment would end, with all that it runs."""

from __future__ import annotations

from typing import Any

from kombu.transport import redis


class QoS(redis.QoS):
    """Does not try to put messages back over a connection that is gone.

    Celery drops a lost connection in two steps. If an acknowledgement failed because the broker was away, the second
    step tries to put that message back, finds no address any more, and raises an AttributeError, which Celery takes
    for a defect. Nothing is lost by letting go: the heads send again what no node holds.
    """

    def restore_unacked(self, client: Any = None) -> None:
        """Put back what was taken and not acknowledged, as at a regular end."""
        if self.channel.connection.client is not None:
            super().restore_unacked(client)


def survive_lost_connections() -> None:
    """Make this process's workers reconnect whenever the broker goes away."""
    redis.Channel.QoS = QoS
