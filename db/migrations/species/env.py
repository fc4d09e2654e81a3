"""Alembic's entry for the species tree; it gets its connection from `db.migrate`."""

from db.migrations.environment import run_species

run_species()
