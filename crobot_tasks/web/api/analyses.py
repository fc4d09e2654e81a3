"""`/api/v1.0/analyses`: locus searches, their tables, and trees are sent, listed, shown with their files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Response, url_for

from crobot_tasks.broker.folders import storage_root
from crobot_tasks.jobs import AnalysisJob, LocusSearchJob, LocusTableJob, MSTreeJob
from crobot_tasks.jobs.analysis import analysis_types
from crobot_tasks.operate.analyses import described
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.results import values_of
from crobot_tasks.web.api import marks, sending, stored_files
from crobot_tasks.web.api.access import caller, visible_analysis
from crobot_tasks.web.api.analysis_schemas import (
    AnalysesQuery,
    AnalysesSchema,
    AnalysisSchema,
    LocusSearchSchema,
    LocusTableSchema,
    MSTreeSchema,
    SentAnalysisSchema,
)
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.changes import PARAMETER, Done, change
from crobot_tasks.web.api.items import check_workgroup
from crobot_tasks.web.api.jobs import READ, SENDS
from crobot_tasks.web.api.paths import ROOT
from crobot_tasks.web.api.problems import Problem
from crobot_tasks.webhooks import address
from crobot_tasks.webhooks.analyses import post_analysis
from db.engine import transaction
from db.system import preferences
from workers.storage import job_dir

blueprint = Blueprint("crobot-analyses", url_prefix=f"{ROOT}/analyses", description="Analyses of users.")


@blueprint.route("", methods=["GET"])
@blueprint.opens(*READ, refuses=(422,))
@blueprint.arguments(AnalysesQuery, location="query")
@blueprint.response(200, AnalysesSchema)
def list_(asked: dict[str, Any]) -> dict[str, Any]:
    """List the analyses of the token's user, the newest first; SNP projects have a list of their own."""
    limit = asked["limit"]
    with transaction() as session:
        rows = preferences.list_analyses(
            session,
            analysis_types(),
            user_id=None if caller().sees_all else caller().user_id,
            database=asked.get("database"),
            before=marks.begin(asked, "analysis"),
            limit=limit + 1,
        )
        found = [described(row) | {"url": _url(row.id)} for row in rows]
    return {
        "analyses": found[:limit],
        "next": marks.following(found[limit - 1]["id"] if len(found) > limit else None, "analysis"),
    }


@blueprint.route("/<int:analysis_id>", methods=["GET"])
@blueprint.opens(*READ, refuses=(404,))
@blueprint.response(200, AnalysisSchema)
def show(analysis_id: int) -> dict[str, Any]:
    """Show an analysis: its state, its job, what it found, and its files."""
    found = described(visible_analysis(analysis_id, analysis_types()))
    texts = _texts(found)
    return found | {
        "data": {name: value for name, value in found["data"].items() if name not in texts},
        "files": [_file(found, name, text) for name, text in texts.items()],
        "url": _url(analysis_id),
    }


@blueprint.route("/<int:analysis_id>/files/<name>", methods=["GET"])
@blueprint.sends_file(*READ)
def file(analysis_id: int, name: str) -> Response:
    """Get a file of an analysis: hits, a table, a tree, a picture."""
    found = described(visible_analysis(analysis_id, analysis_types()))
    texts = _texts(found)
    path = _where(found, texts[name]) if name in texts else None
    if path is None:
        raise Problem(
            404, f"the analysis {analysis_id} has no file {name!r:.100}; it has {', '.join(texts) or 'none'}"
        )
    return stored_files.sent(path)


@blueprint.route("/locus-search", methods=["POST"])
@blueprint.opens(Scope.JOBS_SEND, refuses=SENDS)
@blueprint.doc(parameters=[PARAMETER])
@blueprint.arguments(LocusSearchSchema)
@blueprint.response(201, SentAnalysisSchema)
@blueprint.alt_response(200, schema=SentAnalysisSchema, description="Nothing new was sent", success=True)
def locus_search(given: dict[str, Any]) -> Response:
    """Search nucleotide sequences in an assembly; hits name the loci that lie there."""
    return _send(
        given,
        lambda request: LocusSearchJob(
            assembly_barcode=given["assembly"],
            query=given["query"],
            params={"min_identity": given["min_identity"], "min_coverage": given["min_coverage"]},
            **request,
        ),
    )


@blueprint.route("/locus-table", methods=["POST"])
@blueprint.opens(Scope.JOBS_SEND, refuses=SENDS)
@blueprint.doc(parameters=[PARAMETER])
@blueprint.arguments(LocusTableSchema)
@blueprint.response(201, SentAnalysisSchema)
@blueprint.alt_response(200, schema=SentAnalysisSchema, description="Nothing new was sent", success=True)
def locus_table(given: dict[str, Any]) -> Response:
    """Tell which of many assemblies have nucleotide sequences; its files are the table (TSV, JSON) and a picture."""
    return _send(
        given,
        lambda request: LocusTableJob(
            query=given["query"],
            barcodes=given["barcodes"],
            params={"min_identity": given["min_identity"], "min_coverage": given["min_coverage"]},
            **request,
        ),
    )


@blueprint.route("/ms-tree", methods=["POST"])
@blueprint.opens(Scope.JOBS_SEND, refuses=SENDS)
@blueprint.doc(parameters=[PARAMETER])
@blueprint.arguments(MSTreeSchema)
@blueprint.response(201, SentAnalysisSchema)
@blueprint.alt_response(200, schema=SentAnalysisSchema, description="Nothing new was sent", success=True)
def ms_tree(given: dict[str, Any]) -> Response:
    """Make a tree of allelic profiles, with its picture."""
    return _send(
        given,
        lambda request: MSTreeJob(
            scheme=given["scheme"],
            barcodes=given["barcodes"],
            method=given["method"],
            names=given["names"],
            shown=values_of(given["database"], given["colour_by"]) if given["colour_by"] else None,
            shown_by=given["colour_by"],
            **request,
        ),
    )


def _send(given: Mapping[str, Any], make: Callable[[dict[str, Any]], AnalysisJob]) -> Response:
    check_workgroup(given, caller())

    def sent() -> Done:
        job = make(request_of(given) | {"database": given["database"], "name": given["name"]})
        job.send_job(again=given["again"])
        assert job.analysis_id is not None
        # joined or cached, its tag is that of the analysis which answers
        analysis_id = int(job.tag.rpartition(":")[2])
        post(given, analysis_id)
        answer = {"analysis": analysis_id, "job": job.number, "joined": job.joined, "cached": job.cached,
                  "url": _url(analysis_id)}  # fmt: skip
        status = 200 if job.joined or job.cached else 201
        return Done(status, answer, [job.number], about=f"analysis {analysis_id}")

    return change("send", sent, check=lambda: sending.check_callbacks([given]))


def post(given: Mapping[str, Any], analysis_id: int) -> None:
    """Have the outcome of an analysis or an SNP project posted to where the request says, which was checked."""
    if given.get("callback") is not None:
        post_analysis(analysis_id, address.parse(given["callback"]), caller().user_id)


def request_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a job class is told of who asks."""
    who = {"user_id": caller().user_id, "workgroup": caller().workgroup, "batch": given.get("batch", "")}
    return who | {name: given[name] for name in ("priority",) if name in given}


def _url(analysis_id: int) -> str:
    return url_for("crobot-analyses.show", analysis_id=analysis_id)


def _texts(found: Mapping[str, Any]) -> dict[str, str]:
    """Return the files that its job has written."""
    return {
        name: text for name, text in found["data"].items() if isinstance(text, str) and text.startswith("/")
    }


def _where(found: Mapping[str, Any], text: str) -> Path | None:
    return stored_files.find(text, [job_dir(storage_root(), int(found["job"]))] if found["job"] else [])


def _file(found: Mapping[str, Any], name: str, text: str) -> dict[str, Any]:
    path = _where(found, text)
    size = None if path is None else stored_files.size(path)
    url = url_for("crobot-analyses.file", analysis_id=found["id"], name=name)
    return {"name": name, "file": Path(text).name, "bytes": size, "url": url}
