"""What both trees' ``env.py`` do: run on the connection that the caller has, in the caller's transaction."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection

from db.migrations import trees


def run_core() -> None:
    """Run the core tree."""
    _run(_connection(), trees.core_options())


def run_species() -> None:
    """Run the species tree on the schema that the caller names."""
    connection = _connection()
    _run(connection, trees.species_options(connection, context.config.attributes["schema"]))


def _connection() -> Connection:
    connection: Connection = context.config.attributes["connection"]
    return connection


def _run(connection: Connection, options: dict[str, Any]) -> None:
    context.configure(connection=connection, **options)
    with context.begin_transaction():
        context.run_migrations()
