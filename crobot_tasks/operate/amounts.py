"""How people are told times and amounts, in a terminal and on a page."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time by this machine's clock."""
    return datetime.now(UTC)


def moment(at: datetime | None) -> str:
    """Return a time in the zone of this machine."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else ""


def ago(at: datetime | None) -> str:
    """Return how long ago a time was, in one unit: 12 s ago, 53 min ago, 3 d ago."""
    if at is None:
        return ""
    seconds = (now() - at).total_seconds()
    rough = _rough(abs(seconds))
    return f"in {rough}" if seconds <= -1 else f"{rough} ago"


def _rough(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length):,} {unit}"
    return f"{int(seconds)} s"


def duration(seconds: float | None) -> str:
    """Return a length of time: 0.3 s, 12 s, 1 min 20 s, 2 h 5 min, 3 d 4 h."""
    if seconds is None:
        return ""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    for unit, below, smaller, size in (
        ("min", 3600, "s", 60),
        ("h", 86400, "min", 3600),
        ("d", 2**63, "h", 86400),
    ):
        if whole < 60:
            return f"{whole} s"
        if whole < below:
            rest = whole % size // {"s": 1, "min": 60, "h": 3600}[smaller]
            return f"{whole // size:,} {unit}" + (f" {rest} {smaller}" if rest else "")
    return ""


def size(amount_bytes: float | None) -> str:
    """Return an amount of bytes: 12 B, 3.4 MiB, 8.0 GiB."""
    if amount_bytes is None:
        return ""
    value, units = float(amount_bytes), ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:,.0f} B" if units[0] == "B" else f"{value:,.1f} {units[0]}"
