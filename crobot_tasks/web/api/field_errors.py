"""Which fields of a request are wrong: from marshmallow's nested messages to a list of field, value and way out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

#: of a value, no more is sent back
_VALUE_CHARACTERS = 200
_MISSING = object()


@dataclass(frozen=True)
class Field:
    """A field that is wrong: its path (``3.priority``), its value as text, and what to do."""

    field: str
    value: str | None
    detail: str

    def document(self) -> dict[str, Any]:
        """Return it as it is sent."""
        return {"field": self.field, "value": self.value, "detail": self.detail}


def fields_of(messages: Any, given: Any = _MISSING, path: tuple[str, ...] = ()) -> list[Field]:
    """Return the fields of marshmallow's messages; ``given`` is the document that they speak of."""
    return list(_fields(messages, given, path))


def summary(fields: Sequence[Field]) -> str:
    """Return the first of them as one sentence, and how many more there are."""
    first = fields[0]
    more = f", and {len(fields) - 1} more" if len(fields) > 1 else ""
    return ": ".join(part for part in (first.field, first.detail) if part) + more


def _fields(messages: Any, given: Any, path: tuple[str, ...]) -> Iterator[Field]:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            below = (*path, str(name)) if name != "_schema" else path
            yield from _fields(inner, given if name == "_schema" else _below(given, name), below)
        return
    for message in messages if isinstance(messages, list) else [messages]:
        if isinstance(message, dict):
            yield from _fields(message, given, path)
        else:
            yield Field(".".join(path), _shown(given), str(message))


def _below(given: Any, name: Any) -> Any:
    try:
        return given[name]
    except (KeyError, IndexError, TypeError):
        return _MISSING


def _shown(value: Any) -> str | None:
    return None if value is _MISSING else f"{value!r:.{_VALUE_CHARACTERS}}"
