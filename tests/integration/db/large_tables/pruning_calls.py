"""What prunes ask for, a slice at a time: the oldest rows of each kind, and attempts that ended long ago."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from db.crobot import old_rows, pruning

DAY = datetime(2026, 11, 26, tzinfo=UTC)
DAYS = 1
#: rows of a slice: fewer than there are in small tables, so that large ones differ by nothing else
SLICE = 100


def of_pruning(size: int) -> dict[str, Callable[[Session], Any]]:
    """The function's name → the call, for tables of so many jobs."""
    some = range(size // 2, size // 2 + 500)
    kinds = "answers messages chords revoked deliveries webhooks changes nodes".split()
    return {
        **{f"db.crobot.old_rows.count {kind}": partial(_count, kind) for kind in kinds},
        **{f"db.crobot.old_rows.remove {kind}": partial(_remove, kind) for kind in kinds},
        **{f"db.crobot.old_rows.remove all {kind}": partial(_remove, kind, days=0) for kind in kinds},
        "db.crobot.pruning.begin_anew": pruning.begin_anew,
        "db.crobot.pruning.done_to": lambda s: pruning.done_to(s, "logs"),
        "db.crobot.pruning.due": lambda s: pruning.due(s, 2),
        "db.crobot.pruning.ended": lambda s: pruning.ended(s, pruning.BEGINNING, DAYS, SLICE),
        "db.crobot.pruning.ended none": lambda s: pruning.ended(s, DAY, 30),
        "db.crobot.pruning.in_use": pruning.in_use,
        "db.crobot.pruning.jobs": lambda s: pruning.jobs(s, some, DAYS),
        "db.crobot.pruning.jobs all": lambda s: pruning.jobs(s, some, DAYS, also_complete=True),
        "db.crobot.pruning.move": lambda s: pruning.move(s, "logs", pruning.BEGINNING, DAY),
        "db.crobot.pruning.note_day": lambda s: pruning.note_day(s, DAY),
    }


def _count(kind: str, session: Session) -> Any:
    return old_rows.count(session, kind, DAYS)


def _remove(kind: str, session: Session, days: int = DAYS) -> Any:
    return old_rows.remove(session, kind, days, SLICE)
