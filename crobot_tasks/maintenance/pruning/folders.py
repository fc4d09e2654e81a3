"""Folders of the storage to which nothing in the database leads any more: analyses, and former versions of schemes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.maintenance.pruning.removing import remove
from db.crobot import pruning
from db.crobot.old_rows import Amount
from db.engine import transaction
from db.known_species import list_species
from db.species.schemes import nomenclature_versions
from db.system import preferences
from workers.storage import scheme_dir

_DAY_S = 86_400.0


def prune_analyses(days: int, *, dry: bool) -> Iterator[Amount]:
    """Remove the folders of analyses that are not stored any more, nor read by a live job; yield how much went."""
    for block in _folders(storage_root() / "analyses"):
        found = {int(folder.name): folder for folder in _folders(block) if folder.name.isdecimal()}
        with transaction() as session:
            unknown = found.keys() - preferences.existing(session, list(found))
            unread = unknown - pruning.in_use(session).analyses if unknown else ()
        yield _remove([found[number] for number in sorted(unread)], days, dry)


def prune_schemes(days: int, *, dry: bool) -> Iterator[Amount]:
    """Remove what was exported of former versions, if no live job reads it; yield how much went."""
    with transaction() as session:
        names = [one.name for one in list_species(session)]
    for database in names:
        with transaction(database) as session:
            versions = nomenclature_versions(session)
            in_use = pruning.in_use(session).schemes
        for scheme, version in versions:
            current = scheme_dir(storage_root(), database, scheme, version)
            if _is_old(current, days):
                former = [one for one in _folders(current.parent) if one != current]
                unread = [one for one in former if f"{database}/{scheme}/{one.name}" not in in_use]
                yield _remove(unread, days, dry)


def _remove(folders: list[Path], days: int, dry: bool) -> Amount:
    return sum((remove(one, dry=dry) for one in folders if _is_old(one, days)), Amount())


def _folders(folder: Path) -> list[Path]:
    """Return the folders in a folder; none if it is not there."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        return sorted(folder / one.name for one in entries if one.is_dir(follow_symlinks=False))
    return []


def _is_old(folder: Path, days: int) -> bool:
    """Whether nothing was added to a folder for so many days; false if it is not there."""
    with suppress(FileNotFoundError):
        return time.time() - folder.stat().st_mtime > days * _DAY_S
    return False
