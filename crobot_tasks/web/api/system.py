"""`/api/v1.0/nodes` and `/api/v1.0/health`: who calculates, and whether the servers answer."""

from __future__ import annotations

from typing import Any

from crobot_errors import BrokerUnreachable
from crobot_tasks.broker.answers import check_answers
from crobot_tasks.operate import explain
from crobot_tasks.operate.nodes import describe
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api.answers import HealthSchema, NodesSchema
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.paths import ROOT
from crobot_tasks.web.api.problems import RETRY_AFTER_S, Problem, log
from db.crobot import clock, jobs
from db.engine import transaction

blueprint = Blueprint("crobot-system", url_prefix=ROOT, description="Nodes and servers.")


@blueprint.route("/nodes", methods=["GET"])
@blueprint.opens(Scope.NODES_READ, Scope.ADMIN_READ)
@blueprint.response(200, NodesSchema)
def nodes() -> dict[str, Any]:
    """List the calculation nodes: what they offer, what they are doing, what they lack."""
    with transaction() as session:
        found = [describe(row) for row in jobs.nodes(session)]
        warning = explain.heads_warning(session)
    return {"nodes": found, "warning": warning or None}


@blueprint.route("/health", methods=["GET"])
@blueprint.opens()
@blueprint.response(200, HealthSchema)
def health() -> dict[str, str]:
    """Say whether the database and the broker answer; no token is asked for."""
    with transaction() as session:
        clock.now(session)
    try:
        check_answers()
    except BrokerUnreachable as error:
        log.warning("%s", error)
        raise Problem(
            503,
            "the broker does not answer; jobs are stored all the same, and begin when it is back",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        ) from error
    return {"database": "answers", "broker": "answers"}
