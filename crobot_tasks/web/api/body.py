"""A request's body, as JSON: limited in size and depth, before anything looks at it."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from crobot_tasks.web.api.problems import Problem

#: larger bodies are refused
MOST_BYTES = 10 * 1000**2
#: lists and objects may lie in each other so deep
MOST_DEEP = 50


def limit() -> None:
    """Have a body that is too large refused before it is read, if it says how large it is."""
    # one more than that: of a body that does not say so, werkzeug gives the beginning, as if it were all
    request.max_content_length = MOST_BYTES + 1
    request.max_form_memory_size = MOST_BYTES


def read() -> bytes:
    """Return the body as it came; whoever asks for a form asks for this first, since a form leaves nothing of it.

    Raises:
        RequestEntityTooLarge: it is too large.
    """
    given = request.get_data(cache=True)
    if len(given) > MOST_BYTES:
        raise RequestEntityTooLarge
    return given


def json_of(text: bytes | str) -> Any:
    """Return what a text says.

    Raises:
        Problem: it is no JSON, or lists lie in each other too deep.
    """
    try:
        given = json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:  # no JSON, no UTF-8, or a number of thousands of digits
        raise Problem(400, f"the body is no JSON: {error}") from error
    if _is_deeper(given, MOST_DEEP):
        raise _too_deep()
    return given


def body() -> Any:
    """Return the request's JSON.

    Raises:
        Problem: it says that it is something else, or cannot be read.
    """
    if request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        raise Problem(
            415,
            f"the body is {request.mimetype or 'of no type'!r}: send JSON with Content-Type: application/json",
        )
    return json_of(read())


def _is_deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [inner for one in level if isinstance(one, dict | list) for inner in _inside(one)]
        if not level:
            return False
    return any(isinstance(one, dict | list) for one in level)


def _inside(one: dict[str, Any] | list[Any]) -> Any:
    return one.values() if isinstance(one, dict) else one


def _too_deep() -> Problem:
    return Problem(400, f"the body has lists or objects in each other more than {MOST_DEEP} deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r:.100} is there more than once in one object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
