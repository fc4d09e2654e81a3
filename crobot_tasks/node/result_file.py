"""(d) A result, or what a body sends, that is too large for a message travels as a file on the shared storage."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from crobot_errors import DiskFull, InternalError, NodeBroken
from workers import storage

#: a larger result is no part of the report
INLINE_BYTES = 64 * 1024
#: no column takes more than 256 MB, and no head should read so much at once
MOST_BYTES = 128 * 1024**2
#: a pipeline's own files have other names
NAME = ".result.json"


def bounded(
    result: Any, root: Path, folder: Path, continuation: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return what a report says of a result and of how it goes on, or the file in the attempt's folder that says it.

    Raises:
        InternalError: nobody takes a result so large.
        DiskFull, NodeBroken: the storage does not take it.
    """
    said = {"result": result} | ({"continuation": continuation} if continuation else {})
    # what heads of a former version know is the file of a result alone
    name, value = ("report_file", said) if continuation else ("result_file", result)
    content = json.dumps(value).encode()
    if len(content) <= INLINE_BYTES:
        return said
    if len(content) > MOST_BYTES:
        raise InternalError(
            f"the result has {len(content)} bytes with what the body sends, and no job may return more than "
            f"{MOST_BYTES}: write what is large to files, and name them in outputs"
        )
    path = storage.make_dir(folder, root) / NAME
    _write(path, content)
    sha256 = hashlib.sha256(content).hexdigest()
    return {name: {"path": str(path), "bytes": len(content), "sha256": sha256}}


def _write(path: Path, content: bytes) -> None:
    try:
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise (DiskFull if full else NodeBroken)(
            f"the result of {len(content)} bytes cannot be written to {path}: {error.strerror}"
        ) from error
