"""What Celery's JSON serializer makes of a value, as plain JSON that a database column can hold, and back."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from math import isfinite
from typing import Any

from kombu.utils.json import dumps, loads

from crobot_errors import BadInput, text_of

#: characters that no database column takes: NUL, and half a surrogate pair
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
#: what JSON text has if it may contain such characters, or values with a type of their own
_ODD = re.compile(r"\\u0000|\\u[dD][89a-fA-F]|__type__")
_encode = json.JSONEncoder(allow_nan=False).encode


def plain(value: Any, what: str) -> Any:
    """Return ``value`` as plain JSON; dates, UUIDs and signatures keep their type in a form that `revive` knows.

    Raises:
        BadInput: not JSON (Celery's serializers do not take it), or text that PostgreSQL cannot hold.
    """
    with suppress(_Odd, RecursionError):
        return _copied(value)
    return _by_the_serializer(value, what)


def as_text(value: Any) -> str | None:
    """Return the JSON text of what `plain` returns of a value, in one step; None of a value that is odd."""
    if value == {}:
        return "{}"
    try:
        text = _encode(value)
    except (TypeError, ValueError, RecursionError):
        return None
    return None if ("\\u" in text or "__type__" in text) and _ODD.search(text) else text


def written(value: Any, what: str) -> str:
    """Return the JSON text of what `plain` returns.

    Raises:
        BadInput: as `plain`.
    """
    return as_text(value) or json.dumps(plain(value, what))


def is_storable(text: str) -> bool:
    """Whether a database column takes a text as it is."""
    return not _UNSTORABLE.search(text)


class _Odd(Exception):
    """A value that is not plain JSON as it is."""


def _copied(value: Any) -> Any:
    """Return a copy of what is plain JSON already, as nearly all is; the serializer takes three times as long."""
    kind = type(value)
    if kind is str and not _UNSTORABLE.search(value):
        return value
    if kind is bool or value is None or (kind is int and abs(value) < 2**63):
        return value
    if kind is float and isfinite(value):
        return value
    if kind is list or kind is tuple:
        return [_copied(one) for one in value]
    if kind is dict and "__type__" not in value:
        return {_name(name): _copied(one) for name, one in value.items()}
    raise _Odd


def _name(name: Any) -> str:
    if type(name) is str and not _UNSTORABLE.search(name):
        return name
    raise _Odd


def _by_the_serializer(value: Any, what: str) -> Any:
    try:
        text = dumps(value, allow_nan=False)
        given = json.loads(text)
        if not _ODD.search(text):
            return given
        loads(text)  # the way back, which must not fail once the value is stored
        is_storable = storable(given) == given
    # A value's own code runs here (__json__, a dict that is odd), and lists may lie in each other a thousand deep.
    except Exception as error:
        raise BadInput(
            f"{what} cannot be written as JSON: {text_of(error)}. Send numbers, texts, lists and dicts"
        ) from error
    if not is_storable:
        raise BadInput(
            f"{what} contains NUL or half a surrogate pair, which no database stores: {value!r:.200}"
        )
    return given


def storable(value: Any) -> Any:
    """Return what a tool or an exception said, with U+FFFD for each character that cannot be stored."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {storable(name): storable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    return value


def revive(value: Any) -> Any:
    """Undo `plain`."""
    return loads(json.dumps(value))
