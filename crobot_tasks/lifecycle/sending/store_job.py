"""(a) New jobs → their rows, and what their job classes note of them, in the open transaction or in one of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.lifecycle.calls.caller import tell_sent
from crobot_tasks.lifecycle.calls.new_job import NewJob, Own, Shared
from crobot_tasks.lifecycle.job_types import JobClass, job_class
from db.crobot import parking, webhooks
from db.crobot.parking import Parked
from db.engine import after_commit, tables_of, transaction


def store(new: NewJob) -> Parked:
    """Write the job and the result that it owes, or join the live job like it."""
    shared = new.shared
    with transaction(shared.database if shared.type else None) as session:
        if new.message:
            after_commit(partial(tell_sent, shared.pipeline, new.message))
        parked = parking.park(session, new.columns())
        if (resent_from := _resent_from(new)) is not None:
            # who waits for the old job waits for this one
            webhooks.copy(session, resent_from, parked.job_id)
        if parked.created and shared.type:
            job_class(shared.type, shared.pipeline).parked(session, [(parked.job_id, new)])
        return parked


def store_each(session: Any, jobs: Sequence[NewJob]) -> list[Parked]:
    """Do the same for many in a few statements; those that may not be made join the live jobs like them.

    Returns:
        What became of each, in order.
    """
    if not jobs:
        return []
    told = [new for new in jobs if new.message]
    if told:
        after_commit(partial(_tell_sent, told))
    parked = parking.park_each(session, *_columns(jobs))
    _note(session, [(one.job_id, new) for one, new in zip(parked, jobs, strict=True) if one.created])
    return [one if one.created else _join(session, new) for one, new in zip(parked, jobs, strict=True)]


def is_usual(new: NewJob) -> bool:
    """Whether nothing else is to be noted of a new job, so that many can be stored at once."""
    return _resent_from(new) is None


def _resent_from(new: NewJob) -> int | None:
    number = new.context.get("resent_from")
    return number if isinstance(number, int) else None


def _columns(jobs: Sequence[NewJob]) -> tuple[list[dict[str, Any]], list[int], dict[str, Any]]:
    """Return what jobs share, once for all that are alike, which of these each has, and what they have of their own."""
    alike: dict[int, Shared] = {id(new.shared): new.shared for new in jobs}
    numbers = {key: number for number, key in enumerate(alike)}
    own = dict(zip(Own._fields, zip(*(new.own for new in jobs), strict=True), strict=True))
    return [vars(shared) for shared in alike.values()], [numbers[id(new.shared)] for new in jobs], own


def _note(session: Any, made: Sequence[tuple[int, NewJob]]) -> None:
    """Let each job class note its new jobs, species by species."""
    classes: defaultdict[tuple[str, type[JobClass]], list[tuple[int, NewJob]]] = defaultdict(list)
    for job_id, new in made:
        if new.shared.type:
            of_class = job_class(new.shared.type, new.shared.pipeline)
            classes[new.shared.database or "", of_class].append((job_id, new))
    for (database, of_class), jobs in classes.items():
        with tables_of(session, database or None):
            of_class.parked(session, jobs)


def _join(session: Any, new: NewJob) -> Parked:
    """Join the live job like this one; if that has just ended, make it."""
    with tables_of(session, new.shared.database if new.shared.type else None):
        return store(NewJob(new.shared, new.own, new.context))


def _tell_sent(jobs: Sequence[NewJob]) -> None:
    for new in jobs:
        if new.message:
            tell_sent(new.shared.pipeline, new.message)
