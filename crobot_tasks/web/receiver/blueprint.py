"""`receiver(function, …)`: the blueprint for `POST /crobot_callback`, to be registered in an app's Flask."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from crobot_errors import BadInput
from crobot_tasks.web.receiver.calls import Calls, Came
from crobot_tasks.web.receiver.outcome import Outcome, outcome_of
from crobot_tasks.web.receiver.store import Store
from crobot_tasks.webhooks import signing
from crobot_tasks.webhooks.signing import BadHeaders, BadSignature

log = logging.getLogger(__name__)

PATH = "/crobot_callback"
#: what is posted is smaller: each part of it has a limit
MOST_BYTES = 1000**2
#: seconds after which CRobot may ask again whether the function has returned
RETRY_AFTER_S = 30


def receiver(
    function: Callable[[Outcome], object], *, secrets: Sequence[str], store: Store, path: str = PATH
) -> Blueprint:
    """Return the blueprint: ``function`` is called once with each outcome that CRobot posts, in an app context.

    It is called in a thread, and may take its time. If it raises, or its process is killed, it is called again when
    CRobot delivers the outcome again. ``secrets``: of `crobot webhooks secret`; two while they are changed.

    Raises:
        BadInput: there is no secret, or one that is none.
    """
    if isinstance(secrets, str) or not secrets:
        raise BadInput("secrets is a list of at least one: `crobot webhooks secret` prints it")
    for secret in secrets:
        signing.check_secret(secret)
    keys, calls = tuple(secrets), Calls(function, store)
    blueprint = Blueprint("crobot_callback", __name__)

    @blueprint.post(path)
    def crobot_callback() -> Response:
        """Take an outcome."""
        return _answer(keys, calls)

    return blueprint


def _answer(keys: Sequence[str], calls: Calls) -> Response:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        body = _body()
        outcome = outcome_of(signing.check(_headers(), body, keys), body)
    except RequestEntityTooLarge:
        return _problem(413, f"the body is larger than {MOST_BYTES:,} bytes")
    except BadSignature as error:
        return _problem(401, str(error))
    except BadHeaders as error:
        return _problem(400, str(error))
    except BadInput as error:
        return _problem(422, str(error))
    try:
        came = calls.call(app, outcome)
    # The app's store is away, say: what is wrong is the app's business, and in its log.
    except Exception:
        log.exception("outcome %s cannot be taken now", outcome.id)
        came = Came.FAILED
    if came is Came.DONE:
        return Response(status=204)
    if came is Came.UNDER_WAY:
        return _problem(503, "the app is at work on this outcome: ask again", RETRY_AFTER_S)
    return _problem(500, "the app could not take this outcome: its log says why")


def _headers() -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _body() -> bytes:
    request.max_content_length = MOST_BYTES + 1
    body = request.get_data(cache=False)
    if len(body) > MOST_BYTES:
        raise RequestEntityTooLarge
    return body


def _problem(status: int, detail: str, retry_after_s: int = 0) -> Response:
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else {}
    document = json.dumps({"status": status, "detail": detail})
    return Response(document, status, headers, content_type="application/problem+json")
