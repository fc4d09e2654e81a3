"""The pauses that are in force, in words."""

from __future__ import annotations

from typing import Any

from db.crobot import PausedKind, dispatching


def in_words(kind: str, name: str) -> str:
    """Return what is paused, for people: pipeline QAssembly, species senterica, everything."""
    return "everything" if kind == PausedKind.ALL else f"{kind} {name}"


def described(session: Any) -> list[dict[str, Any]]:
    """Return all pauses, for programs, each with a sentence for people."""
    return [dict(row._mapping) | {"text": _sentence(row)} for row in dispatching.pauses(session)]


def _sentence(row: Any) -> str:
    return f"{in_words(row.kind, row.name)} is paused" + (f": {row.reason}" if row.reason else "")
