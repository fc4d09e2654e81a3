"""Where a page of a list ends: a mark that the next page begins after, so nothing is missed or shown twice."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request

from crobot_tasks.web.api.field_errors import Field
from crobot_tasks.web.api.problems import Problem


def begin(asked: Mapping[str, Any], kind: str) -> int | None:
    """Return the number after which a page begins; None for the first page. ``kind`` is what the list is of.

    Raises:
        Problem: the mark is not from an answer.
    """
    return _number(asked["after"], kind) if "after" in asked else None


def following(number: int | None, kind: str) -> str | None:
    """Return the path of the page that begins after a number; None: there is no next page."""
    if number is None:
        return None
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "after"]
    return f"{request.path}?{urlencode([*kept, ('after', _mark(number, kind))])}"


def _mark(number: int, kind: str) -> str:
    return base64.urlsafe_b64encode(f"{kind} {number}".encode()).decode().rstrip("=")


def _number(after: str, kind: str) -> int:
    try:
        text = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True).decode()
        number = int(text.removeprefix(f"{kind} "))
    except (binascii.Error, ValueError):
        number = 0
    if not 0 < number < 2**63 or _mark(number, kind) != after:
        raise Problem(
            422,
            "after is not from an answer",
            [Field("after", after, "take it from `next`, or leave it out")],
        )
    return number
