"""What of a job's folder nobody needs: the one rule, which asks the folder only for the names in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from db.crobot import JobState
from workers.storage import log_path, output_dir

#: of these no attempt gave a result
_WITHOUT_RESULT = (JobState.FAILED, JobState.CANCELLED)


def needless(job: Any, storage: Path, *, logs: bool) -> Iterator[Path]:
    """Yield what may go: the outputs of attempts that gave no result, and with ``logs`` the logs of a job that is over.

    Only attempts that ended long ago (``job.ended``) are looked at; ``job`` is a row of `db.crobot.pruning.jobs`.
    """
    for number in job.ended:
        log = log_path(storage, job.id, number)
        for path in _entries(output_dir(storage, job.id, number)):
            if path == log:
                if logs and job.is_old and f"{number}/{log.name}" not in job.named:
                    yield path
            elif not gives_result(job, number):
                yield path


def gives_result(job: Any, number: int) -> bool:
    """Whether a result names, or may yet name, the files of this attempt.

    A result may name files of an earlier attempt of its job; so may the report of the newest one, as long as the job is
    live.
    """
    if job.state in _WITHOUT_RESULT:
        return False
    return number == job.attempt or any(name.split("/")[0] == str(number) for name in job.named)


def _entries(folder: Path) -> list[Path]:
    """Return what lies in an attempt's folder; nothing if it is none, or is a link to elsewhere."""
    if folder.is_symlink() or not folder.is_dir():
        return []
    with suppress(FileNotFoundError), os.scandir(folder) as entries:  # another head may just remove it
        return sorted(folder / entry.name for entry in entries)
    return []
