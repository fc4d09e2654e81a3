"""`/api/v1.0/jobs`: jobs are listed, sent and shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response
from marshmallow import ValidationError

from crobot_tasks.operate import explain
from crobot_tasks.operate.consequences import consequences
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api import pages, sending
from crobot_tasks.web.api.access import caller, visible
from crobot_tasks.web.api.answers import JobAnswerSchema, JobsSchema, SentManySchema, SentSchema
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.body import body
from crobot_tasks.web.api.changes import PARAMETER
from crobot_tasks.web.api.paths import ROOT, job_path
from crobot_tasks.web.api.problems import Problem, wrong_fields
from crobot_tasks.web.api.schemas import MOST_JOBS, JobQuery, JobSchema, JobsQuery
from db.crobot import LIVE, JobState
from db.crobot import jobs as queries
from db.engine import transaction

READ = (Scope.JOBS_READ, Scope.ADMIN_READ)
SENDS = (400, 409, 413, 415, 422)

blueprint = Blueprint(
    "crobot-jobs", url_prefix=f"{ROOT}/jobs", description="Jobs are listed, sent and shown."
)

# made once: it copies each of its fields
_JOBS = JobSchema(many=True)
_MANY = {"oneOf": [JobSchema, {"type": "array", "items": JobSchema, "minItems": 1, "maxItems": MOST_JOBS}]}


@blueprint.route("", methods=["GET"])
@blueprint.opens(*READ, refuses=(422,))
@blueprint.arguments(JobsQuery, location="query")
@blueprint.response(200, JobsSchema)
def list_(asked: dict[str, Any]) -> dict[str, Any]:
    """List jobs of the token's user and workgroup, the newest first."""
    return pages.page(asked)


@blueprint.route("", methods=["POST"])
@blueprint.opens(Scope.JOBS_SEND, refuses=SENDS)
@blueprint.doc(
    parameters=[PARAMETER], requestBody={"required": True, "content": {"application/json": {"schema": _MANY}}}
)
@blueprint.response(201, SentSchema)
@blueprint.alt_response(200, schema=SentManySchema, description="Nothing new was sent", success=True)
def send() -> Response:
    """Send one job, or a list of up to 1,000: all of them in one transaction, or none."""
    given = body()
    many = isinstance(given, list)
    items = _items(given if many else [given], many)
    response = sending.send(items, many=many)
    if not many and response.status_code == 201:
        response.headers["Location"] = job_path(response.get_json()["job"])
    return response


def _items(given: Sequence[Any], many: bool) -> Sequence[dict[str, Any]]:
    if not 0 < len(given) <= MOST_JOBS:
        raise Problem(
            422, f"{len(given):,} jobs in one request: send 1 to {MOST_JOBS:,}, and more in several requests"
        )
    try:
        found: Sequence[dict[str, Any]] = _JOBS.load(given)
    except ValidationError as error:
        messages: Any = error.messages
        messages, document = (messages, given) if many else (messages[0], given[0])
        raise wrong_fields(messages, document) from error
    return found


@blueprint.route("/<int:job_id>", methods=["GET"])
@blueprint.opens(*READ, refuses=(404, 422))
@blueprint.arguments(JobQuery, location="query")
@blueprint.response(200, JobAnswerSchema)
def show(asked: dict[str, Any], job_id: int) -> dict[str, Any]:
    """Show a job: where it stands and why, its attempts, how far it is, its result, what came of it."""
    job = visible(job_id)
    with transaction() as session:
        attempts = queries.attempts(session, job_id)
    told = [one for one in attempts if one.progress_state is not None]
    progress = {"state": told[-1].progress_state, "meta": told[-1].progress} if told else None
    return (
        dict(job._mapping)
        | _came_of(job)
        | {
            "why": explain.why_waiting(job_id) if job.state in LIVE else "",
            "attempts": attempts,
            "progress": progress,
            "estimate": explain.explain(job_id)
            if asked["estimate"] and job.state == JobState.WAITING
            else None,
            "url": job_path(job_id),
        }
    )


def _came_of(job: Any) -> dict[str, Any]:
    """Return what came of a job; of those that followed, what the caller sees."""
    came, who = consequences(job), caller()
    followers = [
        {name: getattr(row, name) for name in ("pipeline", "type", "tag", "state")}
        | {"job": row.id, "url": job_path(row.id)}
        for row in came.followers
        if who.sees_all or who.owns(row)
    ]
    own = {name: getattr(came, name) for name in ("assembly", "analysis", "project")}
    return own | {"followers": followers, "resent_from": job.context.get("resent_from")}
