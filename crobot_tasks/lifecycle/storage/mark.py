"""Whether the storage is there: a mark at its root is the one that the database remembers.

A mount that is away shows an empty folder in its place, in which nothing is wrong but that all files are missing.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import text_of
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.lifecycle.storage.access import reading
from db.crobot import unapplied
from db.engine import transaction
from workers.storage import MARK, read_mark


def why_unusable() -> str:
    """Say why the storage cannot be worked with now, since it is away or does not answer; empty if it is there."""
    try:
        return reading(why_away)
    except OSError as error:
        return text_of(error)


def why_away() -> str:
    """Say why the storage cannot be worked with; empty if it is the one that heads have always worked with.

    Raises:
        OSError: its root cannot be read.
    """
    root = storage_root()
    with transaction() as session:
        known = unapplied.storage_mark(session)
    if known is None:
        return _begin(root)
    found = read_mark(root)
    if found == known:
        return ""
    if found is None:
        return (
            f"the storage {root} has no file {MARK}: is it mounted here?"
            f" (If it is the right one, which has lost the file: echo {known} > {root / MARK})"
        )
    return f"{root} is another storage than the heads work with: {MARK} says {found:.40}, and not {known}"


def _begin(root: Path) -> str:
    """Mark a storage that no head has used yet."""
    if not root.is_dir():
        return f"the storage {root} is not there: is it mounted here?"
    with transaction() as session:
        used = unapplied.has_outputs(session)
    if used and not (root / "outputs").is_dir():
        return (
            f"the storage {root} has no folder outputs, though jobs have written there: is it mounted here?"
        )
    with suppress(FileExistsError), (root / MARK).open("x") as file:
        file.write(uuid4().hex)
    with transaction() as session:
        unapplied.set_storage_mark(session, read_mark(root) or "")
    return ""
