"""The folders of the settings: the storage that head and nodes share, and what jobs may read."""

from __future__ import annotations

from pathlib import Path

import celeryconfig


def storage_root() -> Path:
    """Return the shared storage; only the default one, in our own data directory, is made here.

    Another one may just not be mounted, and a folder in its place would hide that.
    """
    root = Path(celeryconfig.crobot_storage)
    if root.is_relative_to(celeryconfig.crobot_data_dir):
        root.mkdir(parents=True, exist_ok=True)
    return root


def roots() -> list[Path]:
    """Return the folders below which lie all files that a job may read."""
    return [storage_root(), *map(Path, celeryconfig.crobot_roots)]
