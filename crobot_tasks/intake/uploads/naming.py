"""What the files of uploads may be called, and where they lie: the user's name is told, and never trusted as a path."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.broker.folders import storage_root
from workers.storage import upload_dir

#: longest name of a file, in bytes
NAME_BYTES = 200
_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]")


def checked_file_name(name: str) -> str:
    """Return the name of a file that a user uploads.

    Raises:
        BadInput: it is a path, cannot be shown, or is too long.
    """
    if not name.strip() or not name.isprintable():
        raise BadInput(
            f"{name!r:.200} cannot name a file: it is empty, or has a line break or characters that nobody can see"
        )
    if "/" in name or "\\" in name or name.startswith("."):
        raise BadInput(
            f"{name!r:.200} is a path or a hidden file: send the name alone, such as SL483_1.fastq.gz"
        )
    if len(name.encode()) > NAME_BYTES:
        raise BadInput(f"{name!r:.60}… has more than {NAME_BYTES} bytes: rename the file")
    return name


def folder_of(file: Any) -> Path:
    """Return the folder of a file, which has no other."""
    return upload_dir(storage_root(), file.upload_id) / str(file.id)


def path_of(file: Any) -> Path:
    """Return where a file lies; tools get its path, so letters that one of them might not take are replaced."""
    return folder_of(file) / _UNSAFE.sub("_", file.name)
