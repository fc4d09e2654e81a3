"""What a command needs that sends or steers jobs: the database, and all tasks and job classes; to send, the storage."""

from __future__ import annotations

from crobot_tasks.celery import app
from crobot_tasks.cli import services, storage


def ready() -> None:
    """Make sure of what a send needs.

    Raises:
        BadInput, DatabaseUnreachable, OldMigration, ServerFailed, StorageStalls
    """
    services.ready_database()
    storage.ready()
    _know_all_tasks()


def ready_to_steer() -> None:
    """Make sure of what a command needs that only changes jobs; while the storage is away, that is most wanted.

    Raises:
        DatabaseUnreachable, OldMigration, ServerFailed
    """
    services.ready_database()
    _know_all_tasks()


def _know_all_tasks() -> None:
    app.set_addresses()
    app.loader.import_default_modules()
