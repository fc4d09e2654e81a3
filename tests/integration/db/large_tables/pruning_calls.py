"""What prunes ask for, a slice at a time: the oldest rows of each kind, and attempts that ended long ago."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from db.crobot import JobState, old_rows, partitions, past, pruning

DAY = datetime(2026, 11, 26, tzinfo=UTC)
DAYS = 1
#: rows of a slice: fewer than there are in small tables, so that large ones differ by nothing else
SLICE = 100


def of_pruning(size: int) -> dict[str, Callable[[Session], Any]]:
    """The function's name → the call, for tables of so many jobs."""
    some = range(size // 2, size // 2 + SLICE)
    kinds = "answers messages chords revoked deliveries webhooks changes nodes".split()
    return {
        **{f"db.crobot.old_rows.count {kind}": partial(_count, kind) for kind in kinds},
        **{f"db.crobot.old_rows.remove {kind}": partial(_remove, kind) for kind in kinds},
        **{f"db.crobot.old_rows.remove all {kind}": partial(_remove, kind, days=0) for kind in kinds},
        "db.crobot.partitions.drop": lambda s: partitions.drop(s, 1),
        "db.crobot.partitions.forget_answers": lambda s: partitions.forget_answers(s, 1, SLICE),
        "db.crobot.partitions.make": lambda s: partitions.make(s, [size * 10]),
        "db.crobot.partitions.numbers": partitions.numbers,
        "db.crobot.partitions.old": lambda s: partitions.old(s, 0),
        "db.crobot.past.count": lambda s: past.count(s, JobState.COMPLETE, 0),
        "db.crobot.past.last_old": lambda s: past.last_old(s, DAYS),
        "db.crobot.past.move": lambda s: past.move(s, JobState.COMPLETE, 0, 0, size, SLICE),
        "db.crobot.past.move rare": lambda s: past.move(s, JobState.FAILED, 0, size // 2, size, 20),
        # what was sent later than `last_old` is not looked at
        "db.crobot.past.move none": lambda s: past.move(s, JobState.COMPLETE, 4000, size - 1000, size, SLICE),
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
