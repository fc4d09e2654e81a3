"""The broker, checked before a command relies on it, with errors that say the way out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from amqp.exceptions import AccessRefused, ConnectionForced
from redis.exceptions import AuthenticationError, BusyLoadingError, ResponseError

import celeryconfig
from crobot_errors import BrokerUnreachable
from crobot_tasks import addresses
from crobot_tasks.broker.answers import check_answers
from crobot_tasks.broker.queues import UNREACHABLE, queue
from crobot_tasks.celery import app
from crobot_tasks.cli.output import say

#: how often a broker that refuses is asked again
REFUSED_S = 1.0
#: how a broker that is there says no
REFUSALS = (ResponseError, BusyLoadingError, AuthenticationError, AccessRefused, ConnectionForced)


def why_not_ready() -> str:
    """Say why the broker takes no messages; empty if it does."""
    return _refusal(waiting=True)


def await_ready() -> None:
    """Wait while the broker answers with errors (a failover, a full memory, another password), and say so.

    Raises:
        BrokerUnreachable: nobody answers at all.
    """
    said = ""
    while refusal := _refusal(waiting=bool(said)):
        if refusal != said:
            said = refusal
            say(f"{refusal}. Waiting until it does not")
        time.sleep(REFUSED_S)
    if said:
        say("the broker takes messages")


def _refusal(*, waiting: bool) -> str:
    """Say what the broker answers to a message, if that is an error; while ``waiting``, it may be away in between."""
    try:
        check_answers()
        with app.connection_for_write() as connection:
            _check_takes(connection)
    except (BrokerUnreachable, *UNREACHABLE) as error:
        if refused := next(filter(_is_refusal, _causes(error)), None):
            return f"the broker refuses: {refused}"
        if waiting:
            return str(error)
        raise
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _is_refusal(error: BaseException) -> bool:
    return isinstance(error, REFUSALS)


def _check_takes(connection: Any) -> None:
    """Publish a message, and remove it: brokers that refuse writes may still take connections."""
    asked = queue(f"crobot.asked.{uuid4()}")(connection.default_channel)
    asked.declare()
    try:
        app.amqp.Producer(connection, auto_declare=False).publish("", routing_key=asked.name, exchange="")
    finally:
        asked.delete()


def address() -> str:
    """Return where the broker is, without the password."""
    app.set_addresses()
    with app.connection_for_write() as connection:
        return str(connection.as_uri()) + addresses.embedded_or_not(celeryconfig.crobot_broker_url)
