"""What is told of a pair and of its files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for

from crobot_tasks.intake.uploads.files import MATES
from crobot_tasks.web.api.paths import job_path


def files_path(upload_id: int) -> str:
    """Return the path at which the files of a pair are created."""
    return url_for("crobot-tus.create", upload_id=upload_id)


def file_path(file: Any) -> str:
    """Return the path of a file, behind whichever prefix a proxy has."""
    return url_for("crobot-tus.show", upload_id=file.upload_id, file_id=file.id)


def described(pair: Any, files: Sequence[Any]) -> dict[str, Any]:
    """Return what a pair's owner is told."""
    return {
        "upload": pair.id,
        "database": pair.database,
        "strain": pair.strain,
        "metadata": pair.data,
        "read1": pair.file_names[0],
        "read2": pair.file_names[1],
        "state": pair.status,
        "reason": pair.reason,
        "job": pair.job_id,
        "job_url": None if pair.job_id is None else job_path(pair.job_id),
        "announced_at": pair.date_uploaded,
        "expires_at": pair.expires_at,
        "url": url_for("crobot-uploads.show", upload_id=pair.id),
        "files_url": files_path(pair.id),
        "files": [described_file(file) for file in files],
    }


def described_file(file: Any) -> dict[str, Any]:
    """Return what a file's owner is told."""
    return {
        "file": file.id,
        "mate": MATES[file.mate - 1],
        "name": file.name,
        "bytes": file.length,
        "received": file.received,
        "state": file.state,
        "reason": file.reason,
        "sha256": None if file.sha256 is None else bytes(file.sha256).hex(),
        "sha256_wanted": file.sha256_later,
        "reads": file.reads,
        "url": file_path(file),
    }
