"""The database and the broker, checked before a command relies on them, with errors that say the way out."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput, BrokerUnreachable, OldMigration
from crobot_tasks.broker.queues import UNREACHABLE
from crobot_tasks.celery import app
from db import migrate
from db.engine import engine

#: a broker must answer within this time
BROKER_S = 5.0
_DEFAULT_PORTS = {"redis": 6379, "rediss": 6379, "valkey": 6379, "valkeys": 6379, "amqp": 5672, "amqps": 5671}


def ready_database() -> None:
    """Make sure that the database answers and its tables are current; an embedded one is upgraded here and now.

    Raises:
        DatabaseUnreachable, OldMigration, ServerFailed
    """
    try:
        migrate.check()
    except OldMigration:
        if app.conf.crobot_database_url:
            raise
        migrate.upgrade()


def ready_broker() -> None:
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


def ready_storage() -> None:
    """Make sure that the shared storage is there; the default one is made, one that is configured must be mounted.

    Raises:
        BadInput: it is not.
    """
    storage = Path(app.conf.crobot_storage)
    if storage == Path(app.conf.crobot_data_dir) / "storage":
        storage.mkdir(parents=True, exist_ok=True)
    if not storage.is_dir():
        raise BadInput(f"the storage {storage} is not there: mount it, or correct CROBOT_STORAGE")


def ready() -> None:
    """Make sure of all that a command which sends or ends jobs needs, job classes included."""
    ready_database()
    ready_storage()
    app.set_addresses()
    app.loader.import_default_modules()


def database_address() -> str:
    """Return where the database is, without the password."""
    return engine().url.render_as_string(hide_password=True) + _kind(app.conf.crobot_database_url)


def broker_address() -> str:
    """Return where the broker is, without the password."""
    app.set_addresses()
    with app.connection_for_write() as connection:
        return str(connection.as_uri()) + _kind(app.conf.crobot_broker_url)


def _kind(configured: str) -> str:
    return "" if configured else " (embedded)"


def _check_answer(connection: Any) -> None:
    """Open a socket first: the clients' own ways of trying may take minutes on a host that swallows packets."""
    default = _DEFAULT_PORTS.get(connection.transport_cls)
    # of a list of brokers, one may well be away
    if default is not None and len(connection.alt) <= 1:
        address = connection.hostname or "localhost", connection.port or default
        socket.create_connection(address, timeout=BROKER_S).close()


def _place(connection: Any) -> str:
    return f"{connection.hostname}:{connection.port or _DEFAULT_PORTS.get(connection.transport_cls, '')}"
