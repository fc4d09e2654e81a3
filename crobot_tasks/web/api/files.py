"""`/api/v1.0/jobs/N/files`: what a job has written; only from below its own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Response

from crobot_tasks.broker.folders import storage_root
from crobot_tasks.web.api import stored_files
from crobot_tasks.web.api.access import visible
from crobot_tasks.web.api.answers import FilesSchema
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.jobs import READ
from crobot_tasks.web.api.paths import ROOT, file_path
from crobot_tasks.web.api.problems import Problem
from workers.storage import job_dir

blueprint = Blueprint(
    "crobot-files",
    url_prefix=f"{ROOT}/jobs/<int:job_id>/files",
    description="The files that a job has written.",
)


@blueprint.route("", methods=["GET"])
@blueprint.opens(*READ, refuses=(404,))
@blueprint.response(200, FilesSchema)
def list_(job_id: int) -> dict[str, Any]:
    """List the files of a job that is complete."""
    outputs = outputs_of(visible(job_id))
    return {"files": [_described(job_id, name, path) for name, path in outputs.items()]}


@blueprint.route("/<path:name>", methods=["GET"])
@blueprint.sends_file(*READ)
def get(job_id: int, name: str) -> Response:
    """Get a file, or the range of it that the header Range names."""
    outputs = outputs_of(visible(job_id))
    if name not in outputs:
        known = ", ".join(outputs) or "none"
        raise Problem(404, f"job {job_id} has no file {name!r:.100}; it has {known}")
    path = _path(job_id, outputs[name])
    if path is None:
        raise Problem(404, f"the file {name!r} of job {job_id} is not there any more")
    return stored_files.sent(path)


def outputs_of(job: Any) -> dict[str, str]:
    """Return the files that a job says it has written: name → path."""
    found = job.result.get("outputs") if isinstance(job.result, dict) else None
    return {str(name): str(path) for name, path in (found if isinstance(found, dict) else {}).items()}


def _described(job_id: int, name: str, text: str) -> dict[str, Any]:
    path = _path(job_id, text)
    size = None if path is None else stored_files.size(path)
    return {"name": name, "file": Path(text).name, "bytes": size, "url": file_path(job_id, name)}


def _path(job_id: int, text: str) -> Path | None:
    return stored_files.find(text, [job_dir(storage_root(), job_id)])
