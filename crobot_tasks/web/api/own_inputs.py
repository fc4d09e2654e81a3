"""Which files of the storage a job may name that comes by HTTP: what its sender may get, it may read.

Who imports the job classes is on the machines anyway. A token is not: by a job that reads somebody else's file, its
user would see what the API does not give them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from crobot_errors import BadPath, UnknownAnalysis, UnknownJob
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.jobs.analysis import analysis_types
from crobot_tasks.lifecycle.storage.access import StorageStalls, reading
from crobot_tasks.web.api import stored_files
from crobot_tasks.web.api.access import caller, visible, visible_analysis
from db.crobot import jobs
from db.engine import transaction
from db.system import uploads
from db.system.projects import TYPE

#: what such jobs write is everybody's: see who sees assemblies
_ASSEMBLING = "QAssembly"


def check(item: Mapping[str, Any]) -> None:
    """Check the files that a job names, before anybody looks whether they are there.

    Raises:
        BadPath: one is a file of a job, an analysis or an upload that the caller does not see.
        Problem: the storage does not answer.
    """
    for text in _paths(item):
        parts = _below_storage(text)
        if len(parts) > 2 and parts[2].isdecimal() and not _is_seen(parts[0], int(parts[2])):
            raise BadPath(
                f"{text!r:.200} is a file of a job that is none of yours: name a file of your own jobs, "
                "of an assembly, or from the folders of reads"
            )


def _paths(item: Mapping[str, Any]) -> Iterator[str]:
    named = [
        *(item.get("inputs") or {}).values(),
        *(text for set_ in item.get("reads") or () for text in set_),
    ]
    yield from (
        text for text in named if isinstance(text, str) and text.startswith("/") and text.isprintable()
    )


def _below_storage(text: str) -> tuple[str, ...]:
    """Return the folders of a file below the storage, links followed; none if it lies elsewhere."""
    try:
        path, root = reading(lambda: (Path(os.path.realpath(text)), Path(os.path.realpath(storage_root()))))
    except StorageStalls as error:
        raise stored_files.stalls() from error
    return path.relative_to(root).parts if path.is_relative_to(root) else ()


def _is_seen(folder: str, number: int) -> bool:
    """Whether a file in ``folder`` that belongs to this number may be read: of a job, an analysis or an upload."""
    try:
        if folder == "outputs":
            return _is_assembling(number) or visible(number) is not None
        if folder == "analyses":
            return visible_analysis(number, [*analysis_types(), TYPE]) is not None
        if folder == "uploads":
            return _is_own_upload(number)
    except (UnknownJob, UnknownAnalysis):
        return False
    return True


def _is_own_upload(upload_id: int) -> bool:
    with transaction() as session:
        return upload_id < 2**31 and uploads.find(session, upload_id, caller().user_id) is not None


def _is_assembling(job_id: int) -> bool:
    with transaction() as session:
        job = jobs.find(session, job_id) if job_id < 2**63 else None
    return job is not None and job.pipeline == _ASSEMBLING
