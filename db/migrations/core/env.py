"""Alembic's entry for the core tree; it gets its connection from `db.migrate`."""

from db.migrations.environment import run_core

run_core()
