"""All models, split by the two trees of migrations."""

from __future__ import annotations

from sqlalchemy import BLANK_SCHEMA, MetaData, Table

from db import crobot, known_species, species, system
from db.base import CROBOT, SPECIES, SYSTEM, Base

#: the modules whose import puts the models into ``Base.metadata``
MODEL_MODULES = (crobot, known_species, species, system)


def core() -> MetaData:
    """Return the tables of the schemas ``crobot`` and ``system``."""
    return _select({CROBOT, SYSTEM}, keep_schema=True)


def one_species() -> MetaData:
    """Return the tables of one species, without a schema: the search path says which."""
    return _select({SPECIES}, keep_schema=False)


def _select(schemas: set[str], keep_schema: bool) -> MetaData:
    chosen = MetaData(naming_convention=Base.metadata.naming_convention)
    for table in _tables(schemas):
        if keep_schema:
            table.to_metadata(chosen)
        else:
            # both arguments are documented, but the library's own types are narrower
            table.to_metadata(chosen, schema=None, referred_schema_fn=lambda *_: BLANK_SCHEMA)  # type: ignore[arg-type]
    return chosen


def _tables(schemas: set[str]) -> list[Table]:
    return [table for table in Base.metadata.tables.values() if table.schema in schemas]
