"""Writes a migration from the models: ``python -m db.migrations.revision core|species "what changes" --url …``.

The models are compared with a scratch database on that server, made by the migrations so far and dropped
afterwards. Run ``ruff format`` on the new file, read it, and correct what Alembic cannot know.
"""

from __future__ import annotations

import argparse
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from sqlalchemy import URL, Connection, make_url, text
from sqlalchemy.engine import Engine

from db.base import CROBOT, SYSTEM
from db.engine import open_engine, with_driver
from db.migrations.trees import SPECIES, TREES, Tree

SCRATCH_SPECIES = "scratch_species"


def main() -> None:
    """Write one migration."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", choices=sorted(TREES))
    parser.add_argument("message", help="what the migration changes")
    parser.add_argument(
        "--url", required=True, help="a PostgreSQL server where this user may create databases"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with scratch_database(with_driver(make_url(arguments.url))) as engine:
        write(TREES[arguments.tree], arguments.message, engine)


def write(tree: Tree, message: str, engine: Engine) -> None:
    """Write the migration from the tree's head to the models."""
    number = len(list((Path(__file__).parent / tree.name / "versions").glob("[0-9]*.py"))) + 1
    with engine.begin() as connection:
        schema = prepare(connection, tree)
        config = tree.config(connection, schema)
        command.upgrade(config, "head")
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")


def prepare(connection: Connection, tree: Tree) -> str:
    """Create the schemas that a tree works on, and let Alembic read them; return the one of its version table."""
    schema = SCRATCH_SPECIES if tree is SPECIES else CROBOT
    for name in {schema, SYSTEM}:
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {name}"))
    if tree is SPECIES:
        # a species' tables carry no schema in its migrations; what has none is read from here
        connection.dialect.default_schema_name = schema
    return schema


@contextmanager
def scratch_database(url: URL, template: str = "template1") -> Iterator[Engine]:
    """Create a database beside the given one, as a copy of ``template`` (an empty one), and drop it at the end."""
    name = f"crobot_scratch_{secrets.token_hex(4)}"
    server = open_engine(url.render_as_string(hide_password=False)).execution_options(
        isolation_level="AUTOCOMMIT"
    )
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine = open_engine(url.set(database=name).render_as_string(hide_password=False))
    try:
        yield engine
    finally:
        engine.dispose()
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name}"))
        server.dispose()


if __name__ == "__main__":
    main()
