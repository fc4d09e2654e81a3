"""`/api/v1.0/projects`: SNP projects are sent, listed, shown with matrix, tree and pictures, and resumed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flask import Response, url_for

from crobot_errors import BadInput
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.jobs.snp import Project, resume_project, send_project
from crobot_tasks.operate.projects import FILES, described, summary
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api import marks, sending, stored_files
from crobot_tasks.web.api.access import caller, visible_analysis
from crobot_tasks.web.api.analyses import post, request_of
from crobot_tasks.web.api.analysis_schemas import (
    AnalysesQuery,
    ProjectSchema,
    ProjectsSchema,
    SnpProjectSchema,
)
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.changes import PARAMETER, Done, change
from crobot_tasks.web.api.items import check_workgroup
from crobot_tasks.web.api.jobs import READ, SENDS
from crobot_tasks.web.api.paths import ROOT
from crobot_tasks.web.api.problems import Problem
from crobot_tasks.web.api.steering import REFUSES
from db.engine import transaction
from db.system import preferences
from db.system.projects import TYPE
from workers.storage import job_dir
from workers.trees.names import Names

blueprint = Blueprint("crobot-projects", url_prefix=f"{ROOT}/projects", description="SNP projects.")


@blueprint.route("", methods=["GET"])
@blueprint.opens(*READ, refuses=(422,))
@blueprint.arguments(AnalysesQuery, location="query")
@blueprint.response(200, ProjectsSchema)
def list_(asked: dict[str, Any]) -> dict[str, Any]:
    """List the SNP projects of the token's user, the newest first."""
    limit = asked["limit"]
    with transaction() as session:
        rows = preferences.list_analyses(
            session,
            [TYPE],
            user_id=None if caller().sees_all else caller().user_id,
            database=asked.get("database"),
            before=marks.begin(asked, "project"),
            limit=limit + 1,
        )
        found = [summary(row) | {"url": _url(row.id)} for row in rows]
    return {
        "projects": found[:limit],
        "next": marks.following(found[limit - 1]["id"] if len(found) > limit else None, "project"),
    }


@blueprint.route("", methods=["POST"])
@blueprint.opens(Scope.JOBS_SEND, refuses=SENDS)
@blueprint.doc(parameters=[PARAMETER])
@blueprint.arguments(SnpProjectSchema)
@blueprint.response(201, ProjectSchema)
def send(given: dict[str, Any]) -> Response:
    """Send an SNP project: what others have mapped is used, and the rest is mapped in one job."""
    check_workgroup(given, caller())
    return change("project send", partial(_sent, given), check=lambda: sending.check_callbacks([given]))


def _sent(given: Mapping[str, Any]) -> Done:
    request = request_of(given)
    user_id = request.pop("user_id")
    params = {"core_threshold": given["core_threshold"]}
    project = Project(
        given["database"], given["name"], given["reference"], given["assemblies"], user_id, given["outgroup"],
        params, request, Names(given["names"]),
    )  # fmt: skip
    project_id = send_project(project, again=given["again"])
    post(given, project_id)
    return _done(201, project_id)


@blueprint.route("/<int:project_id>", methods=["GET"])
@blueprint.opens(*READ, refuses=(404,))
@blueprint.response(200, ProjectSchema)
def show(project_id: int) -> dict[str, Any]:
    """Show an SNP project: its steps with their jobs, SNP counts, files."""
    visible_analysis(project_id, [TYPE])
    return _told(project_id)


@blueprint.route("/<int:project_id>/resume", methods=["POST"])
@blueprint.opens(Scope.JOBS_STEER, refuses=REFUSES)
@blueprint.doc(parameters=[PARAMETER])
@blueprint.response(200, ProjectSchema)
def resume(project_id: int) -> Response:
    """Go on with an SNP project from the step that failed."""
    return change("project resume", partial(_resumed, project_id))


def _resumed(project_id: int) -> Done:
    row = visible_analysis(project_id, [TYPE])
    if row.user_id != caller().user_id:
        raise Problem(403, f"the SNP project {project_id} is somebody else's: ask them to resume it")
    try:
        resume_project(project_id)
    except BadInput as error:
        raise Problem(409, str(error)) from error
    return _done(200, project_id)


@blueprint.route("/<int:project_id>/files/<name>", methods=["GET"])
@blueprint.sends_file(*READ)
def file(project_id: int, name: str) -> Response:
    """Get a file of an SNP project: the matrix, distances, the tree, or a picture of them (SVG, PNG)."""
    data = visible_analysis(project_id, [TYPE]).data
    path = _where(data, data[name]) if name in FILES and name in data else None
    if path is None:
        there = ", ".join(key for key in FILES if key in data) or "none"
        raise Problem(404, f"the SNP project {project_id} has no file {name!r:.100}; it has {there}")
    return stored_files.sent(path)


def _done(status: int, project_id: int) -> Done:
    told = _told(project_id)
    jobs = [step["job"] for step in told["steps"] if step["job"]]
    return Done(status, ProjectSchema().dump(told), jobs, about=f"project {project_id}")


def _told(project_id: int) -> dict[str, Any]:
    found = described(project_id)
    files = [_file(project_id, found["data"], name, text) for name, text in found["files"].items()]
    return found | {"files": files, "url": _url(project_id)}


def _url(project_id: int) -> str:
    return url_for("crobot-projects.show", project_id=project_id)


def _where(data: Mapping[str, Any], text: str) -> Path | None:
    made_by = [data[key] for key in ("ref_mapper_matrix_id", "matrix_phylogeny_id") if data.get(key)]
    return stored_files.find(text, [job_dir(storage_root(), int(job_id)) for job_id in made_by])


def _file(project_id: int, data: Mapping[str, Any], name: str, text: str) -> dict[str, Any]:
    path = _where(data, text)
    size = None if path is None else stored_files.size(path)
    url = url_for("crobot-projects.file", project_id=project_id, name=name)
    return {"name": name, "file": Path(text).name, "bytes": size, "url": url}
