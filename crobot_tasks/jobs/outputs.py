"""The files that a job's result names: there when it is processed, and on the storage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crobot_errors import BadPath
from crobot_tasks.broker.folders import storage_root
from workers.storage import checked_file


def output_file(result: dict[str, Any], name: str) -> Path:
    """Return an output file of a job.

    Raises:
        BadPath: it vanished since the node reported it, or does not lie on the storage.
    """
    path = (result.get("outputs") or {}).get(name)
    if path is None:
        raise BadPath(f"the result names no file {name!r}")
    try:
        return checked_file(path, [storage_root()])
    except BadPath as error:
        raise BadPath(
            f"the result's file {name!r} was there when the node reported it: {error}. Send the job again"
        ) from error
