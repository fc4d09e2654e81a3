"""What is answered when no stream is opened: application/problem+json, as the HTTP API says it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput, BadToken, CRobotError, ServiceError, UnknownBatch, UnknownJob
from db.engine import is_away

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
#: seconds after which a client may try again
RETRY_AFTER_S = 5
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="CRobot"'}
#: the first family that fits counts
_STATUS: tuple[tuple[type[CRobotError], int], ...] = (
    (BadToken, 401),
    (UnknownJob, 404),
    (UnknownBatch, 404),
    (BadInput, 422),
)


class Refusal(Exception):
    """No stream is opened. ``kind`` is the name of our exception, if it is one."""

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, kind: str = ""
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.kind = status, detail, kind
        self.headers = dict(headers or {})

    def document(self) -> str:
        """Return it as JSON."""
        return json.dumps(
            {
                "type": f"urn:crobot:{self.kind}" if self.kind else "about:blank",
                "title": HTTPStatus(self.status).phrase,
                "status": self.status,
                "detail": self.detail,
            }
        )


def without_token() -> Refusal:
    """Return what is said to somebody who shows neither token nor ticket."""
    return Refusal(
        401,
        "there is no token: send `Authorization: Bearer …`, or ?ticket=… of POST /api/v1.0/events/tickets",
        _CHALLENGE,
    )


def too_many(open_streams: int) -> Refusal:
    """Return what is said when no more streams are taken."""
    detail = (
        f"{open_streams:,} streams are open, and no more are taken (CROBOT_EVENTS_STREAMS): try again later"
    )
    return Refusal(503, detail, {"Retry-After": str(RETRY_AFTER_S)})


def of(error: Exception) -> Refusal:
    """Return what is answered to any exception."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, ServiceError) or is_away(error):
        log.warning("a server is away: %s", error)
        detail = "the database does not answer: try again later"
        return Refusal(503, detail, {"Retry-After": str(RETRY_AFTER_S)}, "DatabaseUnreachable")
    for family, status in _STATUS:
        if isinstance(error, family):
            return Refusal(status, str(error), _CHALLENGE if status == 401 else {}, type(error).__name__)
    log.error("a request for a stream met a defect", exc_info=error)
    return Refusal(500, "a defect of CRobot: report it with the request id")
