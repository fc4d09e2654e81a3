"""The folders of the settings: the storage that head and nodes share, and what jobs may read."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import celeryconfig


def storage_root() -> Path:
    """Return the shared storage; only the default one, in our own data directory, is made, when it is first asked for.

    Another one may just not be mounted, and a folder in its place would hide that. Later nothing touches it here: who
    only wants its name must not wait for a storage that does not answer.
    """
    root = Path(celeryconfig.crobot_storage)
    if root == Path(celeryconfig.crobot_data_dir) / "storage":
        _make(root)
    return root


@cache
def _make(root: Path) -> None:
    root.mkdir(parents=True, exist_ok=True)


def roots() -> list[Path]:
    """Return the folders below which lie all files that a job may read."""
    return [storage_root(), *map(Path, celeryconfig.crobot_roots)]
