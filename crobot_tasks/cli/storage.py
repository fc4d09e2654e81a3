"""The shared storage, checked before a command relies on it."""

from __future__ import annotations

from crobot_errors import BadInput
from crobot_tasks.broker.folders import storage_root


def ready() -> None:
    """Make sure that the shared storage is there; the default one is made, one that is configured must be mounted.

    Raises:
        BadInput: it is not.
    """
    storage = storage_root()
    if not storage.is_dir():
        raise BadInput(f"the storage {storage} is not there: mount it, or correct CROBOT_STORAGE")
