"""`/api/v1.0/events`: where streams of events are, and tickets that open one; `crobot flower` serves the streams.

A stream that is open would keep one of the few threads here for itself.
"""

from __future__ import annotations

from typing import Any

from flask import redirect, request

import celeryconfig
from crobot_tasks.operate import tickets
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api.access import caller
from crobot_tasks.web.api.answers import TicketSchema
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.paths import ROOT
from crobot_tasks.web.api.problems import Problem
from crobot_tasks.web.api.schemas import EventsQuery

READ = (Scope.JOBS_READ, Scope.ADMIN_READ)

blueprint = Blueprint("crobot-events", url_prefix=f"{ROOT}/events", description="Server-sent events.")


@blueprint.route("", methods=["GET"])
@blueprint.opens(refuses=(404, 422))
@blueprint.arguments(EventsQuery, location="query")
@blueprint.response(200, content_type="text/event-stream", description="The stream, at the other address")
@blueprint.alt_response(307, description="The address of the streams", success=True)
def events(_: dict[str, Any]) -> Any:
    """Name the address where one of job, batch and user is followed."""
    return redirect(f"{_address()}?{request.query_string.decode('ascii', 'replace')}".rstrip("?"), 307)


@blueprint.route("/tickets", methods=["POST"])
@blueprint.opens(*READ, refuses=(404, 413))
@blueprint.response(201, TicketSchema)
def ticket() -> dict[str, Any]:
    """Make a ticket, with which a browser opens one stream: it cannot send a token there."""
    return {"url": _address(), "ticket": tickets.create(caller()), "expires_in_s": tickets.VALID_S}


def _address() -> str:
    if not celeryconfig.crobot_events_url:
        raise Problem(
            404,
            "streams of events are at another address, which this server was not told (CROBOT_EVENTS_URL):"
            " `crobot flower` serves them at /events",
        )
    return celeryconfig.crobot_events_url
