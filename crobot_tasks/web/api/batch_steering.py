"""`/api/v1.0/batches/NAME/pause`, `resume`, `cancel`, `priority`, `resend`: a whole batch is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from flask import Response

from crobot_errors import BadInput
from crobot_tasks.batches.batch import Batch
from crobot_tasks.operate.resend import Changes
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api.access import own_batch
from crobot_tasks.web.api.batch_schemas import (
    MOST_RESENT,
    BatchSchema,
    PrioritySchema,
    ResendFailedSchema,
    ResentSchema,
)
from crobot_tasks.web.api.batches import described
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.changes import PARAMETER, Done, change
from crobot_tasks.web.api.paths import ROOT
from crobot_tasks.web.api.problems import Problem
from crobot_tasks.web.api.schemas import ReasonSchema
from crobot_tasks.web.api.steering import REFUSES
from db.engine import transaction

blueprint = Blueprint(
    "crobot-batch-steering", url_prefix=f"{ROOT}/batches/<name>", description="A batch is changed."
)
_steers = blueprint.opens(Scope.JOBS_STEER, refuses=REFUSES)
_keyed = blueprint.doc(parameters=[PARAMETER])


@blueprint.route("/pause", methods=["POST"])
@_steers
@_keyed
@blueprint.arguments(ReasonSchema, required=False)
@blueprint.response(200, BatchSchema)
def pause(given: dict[str, str], name: str) -> Response:
    """Send nothing more of a batch, and hold what waits; what runs goes on."""
    return _change("pause", name, lambda batch: batch.pause(given.get("reason", "")))


@blueprint.route("/resume", methods=["POST"])
@_steers
@_keyed
@blueprint.response(200, BatchSchema)
def resume(name: str) -> Response:
    """Go on with a batch that is paused; the failures until now do not pause it again."""
    return _change("resume", name, Batch.resume)


@blueprint.route("/cancel", methods=["POST"])
@_steers
@_keyed
@blueprint.response(200, BatchSchema)
def cancel(name: str) -> Response:
    """Cancel a batch for good: nothing more of it is sent, and its live jobs are cancelled within seconds."""
    return _change("cancel", name, Batch.cancel)


@blueprint.route("/priority", methods=["POST"])
@_steers
@_keyed
@blueprint.arguments(PrioritySchema)
@blueprint.response(200, BatchSchema)
def priority(given: dict[str, int], name: str) -> Response:
    """Give a batch another priority, also its jobs that wait."""
    return _change("priority", name, lambda batch: batch.prioritise(given["priority"]))


@blueprint.route("/resend", methods=["POST"])
@_steers
@_keyed
@blueprint.arguments(ResendFailedSchema, required=False)
@blueprint.response(200, ResentSchema)
def resend(given: dict[str, Any], name: str) -> Response:
    """Send again what failed of a batch, up to 1,000 items at a time, with other parameters if wanted."""
    own_batch(name)
    return change("batch resend", partial(_resent, name, dict(given)))


def _resent(name: str, given: dict[str, Any]) -> Done:
    outcome = given.pop("outcome", None)
    own_batch(name)
    batch = Batch(name)
    failures = batch.standing().failures
    wanted = sum(failures.values()) if outcome is None else failures.get(outcome, 0)
    with _conflicts():
        errors = batch.resend(outcome, Changes(**given), MOST_RESENT)
    tried = min(wanted, MOST_RESENT)
    refused = [{"item": number, "detail": str(error)} for number, error in errors.items()]
    answer = {"batch": name, "sent": tried - len(refused), "refused": refused, "left": wanted - tried}
    return Done(200, answer, about=name)


@contextmanager
def _conflicts() -> Iterator[None]:
    """Say 409 where a batch stands so that it cannot be changed like this."""
    try:
        yield
    except BadInput as error:
        raise Problem(409, str(error)) from error


def _change(action: str, name: str, work: Callable[[Batch], object]) -> Response:
    """Change a batch, and return how it stands then."""

    def done() -> Done:
        own_batch(name)
        with _conflicts():
            work(Batch(name))
        with transaction() as session:
            return Done(200, BatchSchema().dump(described(session, own_batch(name))), about=name)

    return change(f"batch {action}", done)
