"""The two trees of migrations, and what Alembic must know of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.config import Config
from sqlalchemy import Connection, MetaData, text

from db import metadata
from db.base import CROBOT, SYSTEM
from db.revisions import CORE_TREE, SPECIES_TREE, VERSION_TABLE

_SEARCH_PATH = text("SELECT set_config('search_path', quote_ident(:schema), true)")


@dataclass(frozen=True)
class Tree:
    """One history of tables."""

    name: str
    tables: Callable[[], MetaData]

    def config(self, connection: Connection, schema: str) -> Config:
        """Return what an Alembic command needs to work on one schema."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / self.name))
        config.set_main_option("path_separator", "os")
        config.attributes.update(connection=connection, schema=schema)
        return config


CORE = Tree(CORE_TREE, metadata.core)
SPECIES = Tree(SPECIES_TREE, metadata.one_species)
TREES = {tree.name: tree for tree in (CORE, SPECIES)}


def core_options() -> dict[str, Any]:
    """Return Alembic's options for the core tree: two schemas, one version table."""

    def wanted(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "schema" or name in {CROBOT, SYSTEM}

    return {
        "target_metadata": metadata.core(),
        "include_schemas": True,
        "include_name": wanted,
        "version_table_schema": CROBOT,
        "version_table": VERSION_TABLE,
        "compare_server_default": True,
    }


def species_options(connection: Connection, schema: str) -> dict[str, Any]:
    """Return Alembic's options for one species, and point the connection's search path at it."""
    connection.execute(
        text("SELECT set_config('search_path', quote_ident(:schema), true)"), {"schema": schema}
    )

    def wanted(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name != VERSION_TABLE

    return {
        "target_metadata": metadata.one_species(),
        "include_name": wanted,
        "version_table_schema": schema,
        "version_table": VERSION_TABLE,
        "compare_server_default": True,
    }
