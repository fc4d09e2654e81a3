"""`/api/v1.0/jobs/N/cancel`, `hold`, `release`, `resend`: one job is changed, as the commands of the same names do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Response

from crobot_errors import BadInput
from crobot_tasks.broker.json_values import plain
from crobot_tasks.lifecycle.cancel import cancel as cancel_one
from crobot_tasks.operate import hold as holding
from crobot_tasks.operate.resend import Changes
from crobot_tasks.operate.resend import resend as resend_one
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api import sending
from crobot_tasks.web.api.access import own
from crobot_tasks.web.api.answers import ChangedSchema, SentSchema
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.changes import PARAMETER, Done, change
from crobot_tasks.web.api.items import Sent
from crobot_tasks.web.api.paths import ROOT
from crobot_tasks.web.api.problems import Problem
from crobot_tasks.web.api.schemas import ReasonSchema, ResendSchema
from db.crobot import LIVE
from db.crobot.selection import Selection

REFUSES = (400, 404, 409, 413, 415, 422)

blueprint = Blueprint(
    "crobot-steering", url_prefix=f"{ROOT}/jobs/<int:job_id>", description="A job is changed."
)
_steers = blueprint.opens(Scope.JOBS_STEER, refuses=REFUSES)
_keyed = blueprint.doc(parameters=[PARAMETER])


@blueprint.route("/cancel", methods=["POST"])
@_steers
@_keyed
@blueprint.arguments(ReasonSchema, required=False)
@blueprint.response(200, ChangedSchema)
def cancel(given: dict[str, str], job_id: int) -> Response:
    """Cancel a job, waiting or running; the tools of a running one end within seconds."""
    return _change("cancel", job_id, partial(_cancelled, reason=_reason(given, "cancelled")))


def _cancelled(job: Any, reason: str) -> str:
    return str(cancel_one(job.id, reason))


@blueprint.route("/hold", methods=["POST"])
@_steers
@_keyed
@blueprint.arguments(ReasonSchema, required=False)
@blueprint.response(200, ChangedSchema)
def hold(given: dict[str, str], job_id: int) -> Response:
    """Hold a job until it is released: it is not begun, nor tried again."""
    return _change("hold", job_id, partial(_held, reason=_reason(given, "")))


def _held(job: Any, reason: str) -> str:
    if not holding.hold(Selection(ids=(job.id,)), reason):
        raise Problem(409, f"job {job.id} is {job.state}: only a live job can be held")
    return str(job.state)


@blueprint.route("/release", methods=["POST"])
@_steers
@_keyed
@blueprint.response(200, ChangedSchema)
def release(job_id: int) -> Response:
    """Release a job that is held."""
    return _change("release", job_id, _released)


def _released(job: Any) -> str:
    if not holding.release(Selection(ids=(job.id,))):
        raise Problem(409, f"job {job.id} is {job.state}, and not held: there is nothing to release")
    return str(job.state)


@blueprint.route("/resend", methods=["POST"])
@_steers
@_keyed
@blueprint.arguments(ResendSchema, required=False)
@blueprint.response(201, SentSchema)
@blueprint.alt_response(
    200, schema=SentSchema, description="A live job for the same thing was joined", success=True
)
def resend(given: dict[str, Any], job_id: int) -> Response:
    """Send a job that is over again, with other parameters if wanted."""
    own(job_id)
    return change("resend", partial(_resent, job_id, Changes(**given)))


def _resent(job_id: int, changes: Changes) -> Done:
    job = own(job_id)
    try:
        resent = resend_one(job_id, changes)
    except BadInput as error:
        raise Problem(409 if job.state in LIVE else 422, str(error)) from error
    return sending.done([Sent(resent.job_id, resent.joined)], many=False)


def _reason(given: dict[str, str], usual: str) -> str:
    return str(plain(given.get("reason", usual), "the reason"))


def _change(action: str, job_id: int, work: Callable[[Any], str]) -> Response:
    """Change a job; ``work`` gets its row, and returns its state after it."""

    def done() -> Done:
        job = own(job_id)
        state = work(job)
        return Done(200, {"job": job_id, "state": state, "was": str(job.state)}, [job_id])

    return change(action, done)
