"""The numbers that jobs of a time have: they rise with the time at which jobs are sent, so times need no index."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

#: a number may be older than its neighbours by as much as the longest transaction that sends jobs
_LATE = timedelta(minutes=15)

#: so few jobs are gone through, one by one, in no time
FEW = 10_000
#: numbers that are looked at first: nearly all are taken, and they lie in one partition or two
_NEAR = 1000

# No partition is asked: the sequence has given the number of each job, and what a backup brought beyond it is hot.
_LAST = text("""
    SELECT GREATEST((SELECT last_value FROM crobot.jobs_id_seq), (SELECT max(id) FROM crobot.jobs))""")
_FROM = "SELECT id, sent_at FROM crobot.all_jobs WHERE id >= :id {near} ORDER BY id LIMIT 1"
_NEXT_NEAR, _NEXT = text(_FROM.format(near="AND id < :beyond")), text(_FROM.format(near=""))


def first_id(session: Session, sent_from: datetime) -> int:
    """A number such that every job which was sent from this time on has it, or a higher one."""
    return _search(session, sent_from - _LATE)


def last_id(session: Session, sent_until: datetime) -> int:
    """A number such that every job which was sent before this time has it, or a lower one."""
    return _search(session, sent_until + _LATE) - 1


def beyond(session: Session) -> int:
    """A number after those of all jobs."""
    return int(session.execute(_LAST).scalar_one()) + 1


def _next(session: Session, job_id: int) -> Row[Any] | None:
    """The job with this number or the next one after it."""
    near = {"id": job_id, "beyond": job_id + _NEAR}
    found = session.execute(_NEXT_NEAR, near).one_or_none()
    return found or session.execute(_NEXT, {"id": job_id}).one_or_none()


def _search(session: Session, moment: datetime) -> int:
    """The number from which on jobs were sent at the moment or later, by halving: some twenty rows are read."""
    first, end = 1, beyond(session)
    while first < end:
        middle = (first + end) // 2
        row = _next(session, middle)
        if row is None or row.sent_at >= moment:
            end = middle
        else:
            first = row.id + 1
    return int(first)
