"""JSON as PostgreSQL accepts it, and JSON parameters of statements; asks no database."""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import BindParameter, bindparam
from sqlalchemy.dialects.postgresql import JSON

#: escaped NULs and lone surrogates in JSON text, which jsonb refuses; tools print such bytes
_UNSTORABLE = re.compile(
    r"(?<!\\)((?:\\\\)*)"
    r"(?:\\u0000|\\ud[89ab][0-9a-f]{2}(?!\\ud[c-f])|(?<!\\ud[89ab][0-9a-f]{2})\\ud[c-f][0-9a-f]{2})"
)

#: what every text has in which that is found; looked for first, since it is found a hundred times faster
_SUSPECT = re.compile(r"\\u(?:0000|d[89a-f])")


def to_json(value: Any) -> str:
    """Write JSON that jsonb accepts: what it refuses (NUL, half a surrogate pair) becomes U+FFFD."""
    text = json.dumps(value)
    return _UNSTORABLE.sub(r"\1\\ufffd", text) if _SUSPECT.search(text) else text


def as_json(*names: str) -> list[BindParameter[Any]]:
    """Return parameters of a statement that are bound as JSON, which the engine writes; None is SQL's NULL.

    It is json, not jsonb: a value of a sender or of a task reaches its column as it was written.
    """
    return [bindparam(name, type_=JSON(none_as_null=True)) for name in names]
