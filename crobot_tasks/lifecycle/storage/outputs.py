"""(d) What a result names on the storage: checked by one gate for all job classes, and read outside any transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crobot_errors import BadPath
from crobot_tasks.broker.folders import storage_root
from workers.storage import job_dir, own_file

#: the largest text that a job class reads; alleles of the largest schemes have GFF of a few MB
TEXT_BYTES = 256 * 1024**2


@dataclass(frozen=True)
class Outputs:
    """The files of a job, all of them there, and the texts of those that its class reads."""

    files: dict[str, Path] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def file(self, name: str) -> Path:
        """Return a file.

        Raises:
            BadPath: the result names none of this name.
        """
        if name not in self.files:
            raise BadPath(f"the result names no file {name!r}")
        return self.files[name]

    def paths(self) -> dict[str, str]:
        """Return all files as they are stored."""
        return {name: str(path) for name, path in self.files.items()}


def read_outputs(job_id: int, result: Any, texts: Collection[str] = ()) -> Outputs:
    """Check all files that a job's result names, and read those in ``texts``.

    Raises:
        OSError: one is not there, or cannot be read here and now.
        BadPath: one is not the job's own, or no regular file.
    """
    named = result.get("outputs") if isinstance(result, dict) else None
    if not isinstance(named, dict | None):
        raise BadPath(f"the result's outputs are {named!r:.80}, and not files by name")
    folder = job_dir(storage_root(), job_id)
    files = {name: own_file(path, folder) for name, path in (named or {}).items()}
    return Outputs(files, {name: _text(files[name]) for name in texts if name in files})


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(TEXT_BYTES + 1)
    if len(content) > TEXT_BYTES:
        raise BadPath(f"{path} has more than {TEXT_BYTES} bytes: no result of a job is so large")
    return content.decode()
