"""A number for each request, in the answer and in the log, by which both are found together."""

from __future__ import annotations

import logging
import re
import time
from urllib.parse import quote
from uuid import uuid4

from flask import Response, g, request

from crobot_tasks.logs import facts, traceparent

log = logging.getLogger(__name__)

HEADER = "X-Request-Id"
_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def begin() -> None:
    """Take the number that the client gives, if nothing in it could mislead a reader of the log, or make one."""
    given = request.headers.get(HEADER, "")
    g.crobot_request_id = given if _SANE.fullmatch(given) else uuid4().hex
    g.crobot_began = time.monotonic()
    traces = request.headers.getlist(traceparent.HEADER)
    # of several nobody knows which counts
    trace = traceparent.parse(traces[0]) if len(traces) == 1 else None
    traceparent.arrived.set(trace)
    facts.begin(request_id=g.crobot_request_id, traceparent=trace)


def current() -> str:
    """Return the number of the request at hand."""
    return str(g.crobot_request_id)


def end(response: Response) -> Response:
    """Write the number into the answer, and one line into the log; what comes next is not about this request."""
    if HEADER in response.headers:
        return response  # a blueprint's turn came before the app's
    response.headers[HEADER] = current()
    caller = g.get("crobot_caller")
    log.info(
        "%s %s %s %d %.0f ms token=%s user=%s request=%s",
        request.remote_addr,
        request.method,
        quote(request.path),
        response.status_code,
        1000 * (time.monotonic() - g.crobot_began),
        caller.token_id if caller else "-",
        caller.user_id if caller else "-",
        current(),
    )
    # the thread goes on with something else
    traceparent.arrived.set(None)
    facts.begin()
    return response
