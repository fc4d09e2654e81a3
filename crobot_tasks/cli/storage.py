"""The shared storage, checked before a command relies on it."""

from __future__ import annotations

from pathlib import Path

import celeryconfig
from crobot_errors import BadInput


def ready() -> None:
    """Make sure that the shared storage is there; the default one is made, one that is configured must be mounted.

    Raises:
        BadInput: it is not.
    """
    storage = Path(celeryconfig.crobot_storage)
    if storage == Path(celeryconfig.crobot_data_dir) / "storage":
        storage.mkdir(parents=True, exist_ok=True)
    if not storage.is_dir():
        raise BadInput(f"the storage {storage} is not there: mount it, or correct CROBOT_STORAGE")
