"""The order of assemblies in a picture of presence and absence, pure: equal patterns stand together."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PRESENT = frozenset("iwp")
_DIGITS = re.compile(r"(\d+)")


def ordered(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Sort (name, a letter for each sequence) by what is there, frequent sequences first, then by name.

    What was not searched comes last.
    """
    columns = range(len(rows[0][1])) if rows else range(0)
    frequent = sorted(columns, key=lambda at: -sum(states[at] in _PRESENT for _, states in rows))

    def key(row: tuple[str, str]) -> tuple[object, ...]:
        name, states = row
        return "?" in states, [states[at] not in _PRESENT for at in frequent], _natural(name)

    return sorted(rows, key=key)


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Text and numbers in turn: strain 9 comes before strain 10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(name) if part]
