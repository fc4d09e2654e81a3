"""A change that somebody asks for: done, noted and its answer kept in one transaction, so it is done once.

A request with an Idempotency-Key that comes again gets the first answer, and nothing is done.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, request

from crobot_tasks.web.api import body, request_ids
from crobot_tasks.web.api.access import caller
from crobot_tasks.web.api.field_errors import Field
from crobot_tasks.web.api.problems import Problem
from db.crobot import access
from db.engine import reading, retrying, transaction, try_lock

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
#: for the description of a path
PARAMETER = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "any name for this request: sent again within 24 hours it gets the same answer, and nothing is done",
}
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Done:
    """What a change came to."""

    status: int
    answer: dict[str, Any]
    #: the jobs that it was about
    job_ids: Sequence[int] = ()
    #: what else it was about: the name of a batch, the number of an analysis
    about: str = ""


def change(action: str, work: Callable[[], Done], check: Callable[[], object] = lambda: None) -> Response:
    """Do ``work`` in one transaction with what is noted of it, and return the answer.

    ``check`` comes before, and is not asked if the answer is there: files may have gone since the request first came.

    Raises:
        Problem: another request with the same key is under way, or had another body; or it has a query. Nothing was
            done.
    """
    if request.args:
        raise _unknown_query()
    key, fingerprint = _key(), _fingerprint()
    if key is None or not _is_answered(key):
        check()

    def once() -> tuple[int, Any, bool]:
        with transaction() as session:
            if key is not None:
                _hold(session, key)
                if kept := access.kept_answer(session, caller().token_id, key):
                    return *_first_answer(kept, key, fingerprint), True
            done = work()
            note(session, action, done.job_ids, done.about)
            if key is not None:
                access.keep_answer(session, caller().token_id, key, fingerprint, done.status, done.answer)
            return done.status, done.answer, False

    status, answer, replayed = retrying(once)
    response = jsonify(answer)
    response.status_code = status
    if replayed:
        response.headers[REPLAYED] = "true"
    return response


def _unknown_query() -> Problem:
    known = "this path takes its fields in the body, and none in the address"
    return Problem(422, known, [Field(name, text, known) for name, text in request.args.items()])


def _is_answered(key: str) -> bool:
    with reading() as session:
        return access.kept_answer(session, caller().token_id, key) is not None


def _hold(session: Any, key: str) -> None:
    if not try_lock(session, f"request {caller().token_id} {key}"):
        raise Problem(
            409,
            f"a request with the {HEADER} {key!r} is under way: send it again when that is over, to read its answer",
            headers={"Retry-After": "1"},
        )


def _first_answer(kept: Any, key: str, fingerprint: bytes) -> tuple[int, Any]:
    if bytes(kept.request_sha256) != fingerprint:
        raise Problem(
            422,
            f"the {HEADER} {key!r} was used within 24 hours for another request: use a new one for each request",
            [Field(HEADER, key, "use a new one, for instance a UUID")],
        )
    return kept.status, kept.answer


def note(session: Any, action: str, job_ids: Sequence[int] = (), about: str = "") -> None:
    """Note who makes a change, in the transaction that makes it."""
    access.note_change(
        session,
        token_id=caller().token_id,
        user_id=caller().user_id,
        address=request.remote_addr or "",
        action=action,
        about=about,
        job_ids=job_ids,
        request_id=request_ids.current(),
    )


def _key() -> str | None:
    given = request.headers.get(HEADER)
    if given is not None and not _KEY.fullmatch(given):
        raise Problem(
            422,
            f"the {HEADER} is not 1 to 255 visible characters of ASCII",
            [Field(HEADER, repr(given)[:200], "use for instance a UUID")],
        )
    return given


def _fingerprint() -> bytes:
    """The body counts as it was written, and the path with it."""
    begin = f"{request.method} {request.full_path}\n".encode()
    return hashlib.sha256(begin + body.read()).digest()
