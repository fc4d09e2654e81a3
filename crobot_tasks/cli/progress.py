"""How far a job is, as its body says: in words, and as a part of the whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def in_words(progress: Mapping[str, Any] | None) -> str:
    """Return state and meta on one line: PROGRESS, 2 of 4, strain: SL483."""
    if not progress:
        return ""
    meta = progress["meta"]
    named = dict(meta) if isinstance(meta, dict) else {}
    counted = [f"{named.pop('current'):,} of {named.pop('total'):,}"] if part_done(meta) is not None else []
    others = [f"{name}: {value}" for name, value in named.items()]
    whole = [str(meta)] if meta is not None and not isinstance(meta, dict) else []
    return ", ".join([progress["state"], *counted, *others, *whole])


def part_done(meta: Any) -> float | None:
    """Return which part is done of what a body counts as Celery's documents do: {"current": 2, "total": 4}."""
    match meta:
        case {"current": int() | float() as current, "total": int() | float() as total} if total > 0:
            return min(max(current / total, 0.0), 1.0)
    return None
