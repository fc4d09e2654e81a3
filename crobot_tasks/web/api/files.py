"""`/api/v1.0/jobs/N/files`: what a job has written; only from below its own folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Response, send_file

import celeryconfig
from crobot_errors import BadPath
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.lifecycle.storage_access import StorageStalls, reading
from crobot_tasks.web.api.access import visible
from crobot_tasks.web.api.answers import FilesSchema
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.jobs import READ
from crobot_tasks.web.api.paths import ROOT, file_path
from crobot_tasks.web.api.problems import RETRY_AFTER_S, Problem
from workers.storage import job_dir, own_file

_TYPE = "application/octet-stream"

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
    outputs = _outputs(visible(job_id))
    return {"files": [_described(job_id, name, path) for name, path in outputs.items()]}


@blueprint.route("/<path:name>", methods=["GET"])
@blueprint.opens(*READ, refuses=(404, 416))
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type=_TYPE)
@blueprint.alt_response(206, description="The ranges that were asked for", success=True)
def get(job_id: int, name: str) -> Response:
    """Get a file, or the range of it that the header Range names."""
    outputs = _outputs(visible(job_id))
    if name not in outputs:
        known = ", ".join(outputs) or "none"
        raise Problem(404, f"job {job_id} has no file {name!r:.100}; it has {known}")
    path = _path(job_id, outputs[name])
    if path is None:
        raise Problem(404, f"the file {name!r} of job {job_id} is not there any more")
    return _sent(path)


def _sent(path: Path) -> Response:
    if celeryconfig.crobot_api_accel:
        inside = path.relative_to(storage_root().resolve())
        place = f"{celeryconfig.crobot_api_accel.rstrip('/')}/{quote(str(inside))}"
        response = Response(content_type=_TYPE, headers={"X-Accel-Redirect": place})
        response.headers.set("Content-Disposition", "attachment", filename=path.name)
    else:
        response = send_file(
            path, mimetype=_TYPE, as_attachment=True, download_name=path.name, conditional=True
        )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _outputs(job: Any) -> dict[str, str]:
    found = job.result.get("outputs") if isinstance(job.result, dict) else None
    return {str(name): str(path) for name, path in (found if isinstance(found, dict) else {}).items()}


def _described(job_id: int, name: str, text: str) -> dict[str, Any]:
    path = _path(job_id, text)
    size = None if path is None else reading(lambda: path.stat().st_size)
    return {"name": name, "file": Path(text).name, "bytes": size, "url": file_path(job_id, name)}


def _path(job_id: int, text: str) -> Path | None:
    """Return where a file is; None if it is not there, or is not the job's own.

    Raises:
        Problem: the storage does not answer.
    """
    try:
        return reading(partial(own_file, text, job_dir(storage_root(), job_id)))
    except StorageStalls as error:
        raise Problem(
            503, "the storage does not answer: try again later", headers={"Retry-After": str(RETRY_AFTER_S)}
        ) from error
    except (OSError, BadPath):
        return None
