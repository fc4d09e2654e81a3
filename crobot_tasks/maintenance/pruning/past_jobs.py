"""Jobs that ended long ago move to the past jobs, and the oldest of these are dropped, if the policy says so."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial

from sqlalchemy.exc import OperationalError

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from db.crobot import JobState, partitions, past
from db.crobot.old_rows import Amount
from db.crobot.past import Slice
from db.engine import retrying, transaction

log = logging.getLogger(__name__)


def move_jobs(state: JobState, days: int, *, dry: bool) -> Iterator[Amount]:
    """Move jobs of a state that ended so many days ago; yield how much has moved, slice by slice.

    A slice is one transaction: who dies in one has moved nothing of it.
    """
    if dry:
        yield _count(state, days)
        return
    with transaction() as session:
        up_to = past.last_old(session, days)
    last: int | None = 0
    while last is not None:
        done = retrying(partial(_move, state, days, last, up_to))
        last = done.last
        if (
            done.moved.number
        ):  # a round without time left ends at whatever is yielded, and the next begins anew
            yield done.moved


def _count(state: JobState, days: int) -> Amount:
    with transaction() as session:
        return past.count(session, state, days)


def _move(state: JobState, days: int, after: int, up_to: int) -> Slice:
    with transaction() as session:
        return past.move(session, state, days, after, up_to)


def drop_past_jobs(days: int, *, dry: bool) -> Iterator[Amount]:
    """Drop past jobs that all ended so many days ago, a partition at a time; yield how much went."""
    with transaction() as session:
        old = partitions.old(session, days)
    for number, amount in old.items():
        if dry or _drop(number):
            yield amount


def _drop(number: int) -> bool:
    while retrying(partial(_forget_answers, number)):
        pass
    try:
        with transaction() as session:
            partitions.drop(session, number)
    except OperationalError as error:
        log.warning("past jobs of partition %d stay for now: %s", number, error.orig)
        return False
    return True


def _forget_answers(number: int) -> int:
    with transaction() as session:
        return partitions.forget_answers(session, number)
