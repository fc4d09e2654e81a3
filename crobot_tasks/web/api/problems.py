"""What is answered when something is wrong: application/problem+json (RFC 9457), in the words of the command line."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import (
    BadInput,
    BadToken,
    CommitLost,
    CRobotError,
    DatabaseUnreachable,
    ServiceError,
    StorageFull,
    UnknownAnalysis,
    UnknownBatch,
    UnknownJob,
    UnknownUpload,
    UpdateUnderWay,
    UploadBusy,
    UploadOffset,
    UploadOver,
    UploadTooLarge,
)
from crobot_tasks.web.api.field_errors import Field, fields_of, summary
from db.engine import is_away

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
#: seconds after which a client may try again
RETRY_AFTER_S = 5
#: of a status that only the protocol of uploads has
_TITLES = {460: "Checksum Mismatch"}
#: exceptions whose HTTP status is not that of their family; the first that fits counts
_STATUS: tuple[tuple[type[CRobotError], int], ...] = (
    (BadToken, 401),
    (UnknownJob, 404),
    (UnknownBatch, 404),
    (UnknownAnalysis, 404),
    (UpdateUnderWay, 409),
    (UnknownUpload, 404),
    (UploadOver, 410),
    (UploadTooLarge, 413),
    (UploadBusy, 423),
    (UploadOffset, 409),
    (BadInput, 422),
    (ServiceError, 503),
)
# Addresses of servers are nobody's business who has shown no token; the log has them.
_AWAY: tuple[tuple[type[ServiceError], str], ...] = (
    (CommitLost, "nobody knows whether this was stored: send it again with the same Idempotency-Key"),
    (DatabaseUnreachable, "the database does not answer; nothing was stored: try again later"),
    (ServiceError, "a server that CRobot needs does not answer: try again later"),
)


class Problem(Exception):
    """What is wrong with a request; nothing was stored. ``kind`` is the name of our exception, if it is one."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[Field] = (),
        headers: Mapping[str, str] | None = None,
        kind: str = "",
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.kind = status, detail, list(errors), kind
        self.headers = dict(headers or {})


def wrong_fields(messages: Any, given: Any) -> Problem:
    """Return the problem that marshmallow's messages on a document are."""
    fields = fields_of(messages, given)
    return Problem(422, summary(fields), fields)


def answer(error: Exception) -> Response:
    """Return what is answered to any exception."""
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, Problem):
        return problem(
            error.status, error.detail, kind=error.kind, errors=error.errors, headers=error.headers
        )
    if isinstance(error, StorageFull):
        return problem(507, str(error), kind="StorageFull", headers={"Retry-After": str(RETRY_AFTER_S)})
    if isinstance(error, ServiceError) or is_away(error):
        return _of_service(error)
    if isinstance(error, CRobotError):
        return _of_crobot(error)
    log.exception("a request met a defect", exc_info=error)
    return problem(500, "a defect of CRobot: report it with the request id")


def problem(
    status: int,
    detail: str,
    *,
    kind: str = "",
    errors: Sequence[Field] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem; ``kind`` is the name of our exception, if it is one."""
    document: dict[str, Any] = {
        "type": f"urn:crobot:{kind}" if kind else "about:blank",
        "title": _TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        document["errors"] = [error.document() for error in errors]
    return Response(json.dumps(document), status, dict(headers or {}), content_type=CONTENT_TYPE)


def _of_http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return error.get_response()  # type: ignore[return-value] # a redirect
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Content-Range")}
    if error.code == 413:
        return problem(413, "the body is larger than 10 MB: send fewer jobs at a time", headers=kept)
    return problem(error.code, str(error.description), headers=kept)


def _of_crobot(error: CRobotError) -> Response:
    status = next((status for family, status in _STATUS if isinstance(error, family)), 500)
    if status == 500:
        log.exception("a request met a defect", exc_info=error)
    headers = CHALLENGE if status == 401 else {}
    return problem(status, str(error), kind=type(error).__name__, headers=headers)


def _of_service(error: Exception) -> Response:
    log.warning("a server is away: %s", error)
    kind, text = next(
        ((family.__name__, text) for family, text in _AWAY if isinstance(error, family)),
        (DatabaseUnreachable.__name__, _AWAY[1][1]),
    )
    return problem(503, text, kind=kind, headers={"Retry-After": str(RETRY_AFTER_S)})


#: how a client is asked for its token
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="CRobot", Basic realm="CRobot"'}
