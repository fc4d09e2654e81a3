"""Whether the broker answers, asked within seconds, with an error that says the way out."""

from __future__ import annotations

import socket
from typing import Any

from crobot_errors import BrokerUnreachable
from crobot_tasks.broker.queues import UNREACHABLE
from crobot_tasks.celery import app

#: a broker must answer within this time
BROKER_S = 5.0
_DEFAULT_PORTS = {"redis": 6379, "rediss": 6379, "valkey": 6379, "valkeys": 6379, "amqp": 5672, "amqps": 5671}


def check_answers() -> None:
    """Make sure that the broker answers.

    Raises:
        BrokerUnreachable, ServerFailed
    """
    app.set_addresses()
    with app.connection_for_write() as connection:
        try:
            _check_answer(connection)
            connection.ensure_connection(max_retries=1, timeout=BROKER_S)
        except (*UNREACHABLE, *connection.connection_errors, *connection.channel_errors) as error:
            raise BrokerUnreachable(
                f"the broker at {_place(connection)} does not answer: {error}. Start it, or correct CROBOT_BROKER_URL"
            ) from error


def _check_answer(connection: Any) -> None:
    """Open a socket first: the clients' own ways of trying may take minutes on a host that swallows packets."""
    default = _DEFAULT_PORTS.get(connection.transport_cls)
    # of a list of brokers, one may well be away
    if default is not None and len(connection.alt) <= 1:
        address = connection.hostname or "localhost", connection.port or default
        socket.create_connection(address, timeout=BROKER_S).close()


def _place(connection: Any) -> str:
    return f"{connection.hostname}:{connection.port or _DEFAULT_PORTS.get(connection.transport_cls, '')}"
