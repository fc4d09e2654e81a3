"""What Celery's JSON serializer makes of a value, as plain JSON that a database column can hold, and back."""

from __future__ import annotations

import json
from typing import Any

from kombu.utils.json import dumps, loads

from crobot_errors import BadInput


def plain(value: Any, what: str) -> Any:
    """Return ``value`` as plain JSON; dates, UUIDs and signatures keep their type in a form that `revive` knows.

    Raises:
        BadInput: not JSON (Celery's serializers do not take it), or text that PostgreSQL cannot hold.
    """
    try:
        text = dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"{what} cannot be written as JSON: {error}. Send numbers, texts, lists and dicts."
        ) from error
    if "\\u0000" in text:
        raise BadInput(f"{what} contains a NUL character, which the database cannot store: {value!r:.200}")
    return json.loads(text)


def revive(value: Any) -> Any:
    """Undo `plain`."""
    return loads(json.dumps(value))
