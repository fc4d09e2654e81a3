"""Lists of texts as PostgreSQL's array literals: one parameter of a statement, however long; asks no database."""

from __future__ import annotations

from collections.abc import Sequence

#: no text that PostgreSQL stores has it
_BETWEEN = "\0"


def array(texts: Sequence[str | None]) -> str | None:
    """Return the literal of an array, which a statement casts; None if all are null.

    The driver would quote each element of a list by itself, which takes longer than PostgreSQL takes to store it.
    """
    given = [text for text in texts if text is not None]
    if texts and not given:
        return None
    if len(given) < len(texts):
        return f"{{{','.join(map(_element, texts))}}}"
    elements = _escaped(_BETWEEN.join(given)).replace(_BETWEEN, '","')
    return f'{{"{elements}"}}' if given else "{}"


def _element(text: str | None) -> str:
    return "NULL" if text is None else f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
