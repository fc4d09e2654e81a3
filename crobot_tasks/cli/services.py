"""The database, checked before a command relies on it, with errors that say the way out."""

from __future__ import annotations

from importlib import import_module

import celeryconfig
import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import OldMigration
from crobot_tasks import addresses
from db import revisions
from db.engine import engine


def ready_database() -> None:
    """Make sure that the database answers and its tables are current; an embedded one is upgraded here and now.

    Raises:
        DatabaseUnreachable, OldMigration, ServerFailed
    """
    try:
        revisions.check()
    except OldMigration:
        if celeryconfig.crobot_database_url:
            raise
        # by name: Alembic takes half a second to load, and there is seldom anything to migrate
        import_module("db.migrate").upgrade()


def database_address() -> str:
    """Return where the database is, without the password."""
    return engine().url.render_as_string(hide_password=True) + addresses.embedded_or_not(
        celeryconfig.crobot_database_url
    )
