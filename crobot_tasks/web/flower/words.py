"""How our pages say times, amounts and states; templates call these."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from crobot_tasks.operate.amounts import ago, duration, now, size

__all__ = ["ago", "colour", "duration", "exact", "link", "now", "number", "share", "size"]

#: a state's or a node's word → a colour of Bootstrap
_COLOURS = {
    "COMPLETE": "success",
    "up": "success",
    "over": "success",
    "FAILED": "danger",
    "silent": "danger",
    "quarantined": "danger",
    "RUNNING": "primary",
    "running": "primary",
    "ROUTED": "info",
    "WAITING": "warning",
    "drained": "warning",
    "paused": "warning",
}


def colour(word: str) -> str:
    """Return the colour of a state; the word itself says it, too."""
    return _COLOURS.get(word, "secondary")


def number(value: float | None) -> str:
    """Write a number with its thousands apart."""
    return "" if value is None else f"{value:,.0f}"


def share(part: float, whole: float) -> float:
    """Return a part in percent, 0 to 100."""
    return 0.0 if whole <= 0 else max(0.0, min(100.0, 100 * part / whole))


def exact(at: datetime | None) -> str:
    """Write a time to the second, in this machine's zone."""
    return "" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def link(path: str, fields: Mapping[str, object], **others: object) -> str:
    """Return an address with these fields, where ``others`` take the place of those of the same name."""
    given = {name: value for name, value in {**fields, **others}.items() if value not in ("", None)}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path
