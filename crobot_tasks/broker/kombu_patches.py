"""Cures for kombu 5.7: a worker that lost Redis or Valkey at the wrong moment would end, or take no more messages.

For each command kombu makes a new client of redis-py, with its table of a few hundred commands. It stores each message
once more before anybody sees it, and removes it at its acknowledgement: two transactions of Redis for each message. And
a worker that is told to end would notice at the next tick of its loop, up to a second later.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis, virtual
from redis.exceptions import ConnectionError, ResponseError

from crobot_tasks.broker.queues import HEARTBEATS, NODE_QUEUES, REPORTS


def is_made_good(message: Any) -> bool:
    """Whether it is sent again, or said anew, if a worker dies with it: an attempt, a report or a heartbeat."""
    name = message.delivery_info["routing_key"]
    return name in (HEARTBEATS, REPORTS) or name.startswith(NODE_QUEUES)


class QoS(redis.QoS):
    """Connects again after an acknowledgement failed, and does not put messages back over a connection that is gone.

    A message whose acknowledgement failed counts as taken until the next connection. If all slots are lost in this
    way, kombu no longer listens to the connection on which messages come, and so never hears that it is broken too.

    Celery drops a lost connection in two steps. If an acknowledgement failed because the broker was away, the second
    step tries to put that message back, finds no address any more, and raises an AttributeError, which Celery takes
    for a defect. Nothing is lost by letting go: the heads send again what no node knows. The same comes of a message
    that the loop was asked to acknowledge or to reject, and came to when its connection had been dropped.

    What is made good is not stored a second time while it is in hand. It is put back at a regular end like any other.
    """

    _lost: Exception | None = None

    def append(self, message: Any, delivery_tag: str) -> None:
        """Remember a message that was taken, until it is acknowledged."""
        if is_made_good(message):
            virtual.QoS.append(self, message, delivery_tag)
        else:
            super().append(message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge a message."""
        self._demand_connection()
        if self._in_hand_only(delivery_tag):
            virtual.QoS.ack(self, delivery_tag)
            return
        try:
            super().ack(delivery_tag)
        except self.channel.connection_errors as error:
            self._lost = error
            raise

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Drop a message, or put it back."""
        self._demand_connection()
        if self._in_hand_only(delivery_tag) and not requeue:
            virtual.QoS.ack(self, delivery_tag)
        else:
            super().reject(delivery_tag, requeue)

    def can_consume(self) -> bool:
        """Say whether one more message may be taken; asked in the worker's loop, which connects again by the error."""
        if self._lost is not None:
            lost, self._lost = self._lost, None
            raise lost
        return bool(super().can_consume())

    def restore_unacked(self, client: Any = None) -> None:
        """Put back what was taken and not acknowledged, as at a regular end."""
        if self._is_connected():
            super().restore_unacked(client)

    def restore_by_tag(self, tag: str, client: Any = None, leftmost: bool = False) -> None:
        """Put one message back into its queue."""
        message = self._in_hand_only(tag)
        if message is None:
            super().restore_by_tag(tag, client, leftmost)
        elif tag not in self._dirty:
            where = message.delivery_info
            with self.pipe_or_acquire(client=client) as pipe:
                self.channel._do_restore_message(
                    message._raw, where["exchange"], where["routing_key"], pipe, leftmost
                )
                pipe.execute()

    def _in_hand_only(self, delivery_tag: str) -> Any:
        """Return the message that was taken under this tag, if it is made good."""
        message = self._delivered.get(delivery_tag)
        return message if message is not None and is_made_good(message) else None

    def _is_connected(self) -> bool:
        connection = self.channel.connection
        return connection is not None and connection.client is not None

    def _demand_connection(self) -> None:
        if not self._is_connected():
            raise ConnectionError(
                "the connection on which this message came was lost, and with it the message"
            )


class Channel(redis.Channel):
    """Makes one client for each pool of connections, not for each command: a sixth of what a node's parent did."""

    _of_pool: tuple[Any, Any] = (None, None)

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:
            return super()._create_client(asynchronous)
        pool, client = self._of_pool
        if pool is not self.pool:  # none yet, or it was lost
            client = super()._create_client()
            self._of_pool = self.pool, client
        return client


def wake(loop: Any) -> None:
    """End the wait of a worker's loop; a handler of a signal may call it, in the thread that waits.

    Python goes on with a wait in which a signal came, and ``call_soon`` has a lock that the thread may hold.
    """
    if loop is not None and loop._waker is not None:
        loop._waker.wake()


def survive_lost_connections() -> None:
    """Make this process's workers reconnect whenever the broker goes away, or refuses what it is told."""
    redis.Channel.QoS = QoS  # also of the channels to Sentinel, which have their own way to a client
    redis.Transport.Channel = Channel
    # READONLY, MISCONF, out of memory: to kombu these are defects of the program, and would end a worker.
    if ResponseError not in redis.Transport.connection_errors:
        redis.Transport.connection_errors += (ResponseError,)
