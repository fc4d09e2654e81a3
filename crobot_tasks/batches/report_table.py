"""The report on a batch as a table: a line an item, its fields parted by tabs."""

from __future__ import annotations

from typing import Any

COLUMNS = ("number", "key", "job_id", "state", "outcome", "message", "sent_at", "started_at", "finished_at", "attempts",
           "wall_s", "cpu_s", "strain", "lines")  # fmt: skip
HEADING = "\t".join(COLUMNS)


def line(item: Any) -> str:
    """Return an item of `account.items` as a line, without its end."""
    return "\t".join(_field(getattr(item, name)) for name in COLUMNS)


def _field(value: Any) -> str:
    """Return a value without what would end its field or its line, or what a terminal would obey."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    text = " ".join(str(value).split())
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
