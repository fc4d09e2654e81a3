"""Files and folders that are removed from the storage, and how much that is."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from db.crobot.old_rows import Amount

log = logging.getLogger(__name__)


def remove(path: Path, *, dry: bool) -> Amount:
    """Remove a file, or a folder with all in it, links not followed; return how many files went, and their bytes.

    What cannot be removed is told in the log, and does not hinder the rest.
    """
    found = _size(path)
    if dry:
        return found
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, onerror=_unless_gone)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s is old, and cannot be removed: %s", path, error)
        return Amount()
    return found


def _unless_gone(function: Callable[..., object], path: str, error: Any) -> None:
    """Go on where somebody else has just removed a part of it: who stopped there would leave the rest."""
    if not issubclass(error[0], FileNotFoundError):
        raise error[1]


def remove_empty(folder: Path) -> None:
    """Remove a folder in which nothing is left."""
    with suppress(OSError):
        folder.rmdir()


def _size(path: Path) -> Amount:
    total = Amount()
    for file in _files(path):
        with suppress(OSError):  # somebody else has just removed it
            total += Amount(1, file.lstat().st_size)
    return total


def _files(path: Path) -> Iterator[Path]:
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    for folder, folders, files in os.walk(path):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        yield from (Path(folder, name) for name in (*files, *links))
