"""What Celery's JSON serializer makes of a value, as plain JSON that a database column can hold, and back."""

from __future__ import annotations

import json
import re
from typing import Any

from kombu.utils.json import dumps, loads

from crobot_errors import BadInput, text_of

#: characters that no database column takes: NUL, and half a surrogate pair
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
#: what JSON text has if it may contain such characters, or values with a type of their own
_ODD = re.compile(r"\\u0000|\\u[dD][89a-fA-F]|__type__")


def plain(value: Any, what: str) -> Any:
    """Return ``value`` as plain JSON; dates, UUIDs and signatures keep their type in a form that `revive` knows.

    Raises:
        BadInput: not JSON (Celery's serializers do not take it), or text that PostgreSQL cannot hold.
    """
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
