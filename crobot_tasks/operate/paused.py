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


def pause_of(session: Any, species: str) -> str:
    """Say which pause, of a species or of everything, holds the jobs of a species back; empty: none does."""
    of_species = {(PausedKind.ALL, ""), (PausedKind.SPECIES, species)}
    pauses = [row for row in dispatching.pauses(session) if (row.kind, row.name) in of_species]
    return "; ".join(map(_sentence, pauses))


def _sentence(row: Any) -> str:
    return f"{in_words(row.kind, row.name)} is paused" + (f": {row.reason}" if row.reason else "")
