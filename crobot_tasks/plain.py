"""What Celery's JSON serializer makes of a value, as plain JSON that a database column can hold, and back."""

from __future__ import annotations

import json
from typing import Any

from kombu.utils.json import dumps, loads

from crobot_errors import BadInput
from db.jsonb import to_json


def plain(value: Any, what: str) -> Any:
    """Return ``value`` as plain JSON; dates, UUIDs and signatures keep their type in a form that `revive` knows.

    Raises:
        BadInput: not JSON (Celery's serializers do not take it), or text that PostgreSQL cannot hold.
    """
    try:
        text = dumps(value, allow_nan=False)
        loads(text)  # the way back, which must not fail once the value is stored
    except (TypeError, ValueError, LookupError) as error:
        raise BadInput(
            f"{what} cannot be written as JSON: {error}. Send numbers, texts, lists and dicts"
        ) from error
    given = json.loads(text)
    if json.loads(to_json(given)) != given:
        raise BadInput(
            f"{what} contains NUL or half a surrogate pair, which no database stores: {value!r:.200}"
        )
    return given


def storable(value: Any) -> Any:
    """Return plain JSON of what a tool or an exception said: characters that cannot be stored become U+FFFD."""
    return json.loads(to_json(value))


def revive(value: Any) -> Any:
    """Undo `plain`."""
    return loads(json.dumps(value))
