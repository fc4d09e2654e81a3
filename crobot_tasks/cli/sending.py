"""What a command needs that sends, steers or ends jobs: the database, the storage, and all tasks and job classes."""

from __future__ import annotations

from crobot_tasks.celery import app
from crobot_tasks.cli import services, storage


def ready() -> None:
    """Make sure of all of it.

    Raises:
        BadInput, DatabaseUnreachable, OldMigration, ServerFailed
    """
    services.ready_database()
    storage.ready()
    app.set_addresses()
    app.loader.import_default_modules()
