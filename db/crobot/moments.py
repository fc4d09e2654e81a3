"""The numbers that jobs of a time have: they rise with the time at which jobs are sent, so times need no index."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

#: a number may be older than its neighbours by as much as the longest transaction that sends jobs
_LATE = timedelta(minutes=15)

_RANGE = text("SELECT COALESCE(min(id), 1) AS first, COALESCE(max(id), 0) + 1 AS beyond FROM crobot.all_jobs")
_FROM = text("SELECT id, sent_at FROM crobot.all_jobs WHERE id >= :id ORDER BY id LIMIT 1")


def first_id(session: Session, sent_from: datetime) -> int:
    """A number such that every job which was sent from this time on has it, or a higher one."""
    return _search(session, sent_from - _LATE)


def last_id(session: Session, sent_until: datetime) -> int:
    """A number such that every job which was sent before this time has it, or a lower one."""
    return _search(session, sent_until + _LATE) - 1


def _search(session: Session, moment: datetime) -> int:
    """The number from which on jobs were sent at the moment or later, by halving: some twenty rows are read."""
    first, beyond = session.execute(_RANGE).one()
    while first < beyond:
        middle = (first + beyond) // 2
        row = session.execute(_FROM, {"id": middle}).one_or_none()
        if row is None or row.sent_at >= moment:
            beyond = middle
        else:
            first = row.id + 1
    return int(first)
