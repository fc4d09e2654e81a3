"""All that is removed, or moved, when it is old, kind by kind: by `crobot prune`, and daily by the heads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import inf

from crobot_errors import ServiceError
from crobot_tasks.celery import app
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.lifecycle.storage.access import StorageStalls
from crobot_tasks.lifecycle.storage.mark import why_unusable
from crobot_tasks.maintenance.pruning.folders import prune_analyses, prune_schemes
from crobot_tasks.maintenance.pruning.job_files import prune_job_files
from crobot_tasks.maintenance.pruning.past_jobs import drop_past_jobs, move_jobs
from crobot_tasks.router.retention import Retention
from db.crobot import OVER, JobState, old_rows, pruning
from db.crobot.old_rows import Amount
from db.engine import retrying, transaction
from db.system import uploads

log = logging.getLogger(__name__)

#: a head gives so many seconds to it at a time, of those between two looks; one thread of it
ROUND_S = 30.0
_busy = threading.Lock()

#: yields how much went, slice by slice: (days, dry) →
Kind = Callable[[int, bool], Iterator[Amount]]


@dataclass(frozen=True)
class Pruned:
    """What went, or would go, of one kind."""

    kind: str
    #: that it is kept; None: for good
    days: int | None
    number: int
    bytes: int

    def __add__(self, before: Pruned | None) -> Pruned:
        if before is None:
            return self
        return replace(self, number=self.number + before.number, bytes=self.bytes + before.bytes)


@dataclass(frozen=True)
class Round:
    """What one round came to."""

    kinds: list[Pruned]
    #: whether nothing old is left
    is_finished: bool


def prune(*, dry_run: bool = False, anew: bool = False) -> list[Pruned]:
    """Remove all that is old; with ``dry_run`` only say how much that is.

    With ``anew`` the files of all jobs are looked at, also of those that were done before: what somebody has put back,
    say.

    Raises:
        ServiceError: the storage or the database is away.
    """
    if anew:
        with transaction() as session:
            pruning.begin_anew(session)
    total: dict[str, Pruned] = {}
    is_finished = False
    while not is_finished:
        done = prune_round(dry=dry_run, seconds=inf if dry_run else ROUND_S)
        total |= {one.kind: one + total.get(one.kind) for one in done.kinds}
        is_finished = done.is_finished
    return list(total.values())


def prune_round(*, dry: bool = False, seconds: float = ROUND_S) -> Round:
    """Remove what is old for some seconds; the next round goes on.

    Raises:
        ServiceError: the storage or the database is away.
    """
    if away := why_unusable():
        raise StorageStalls(f"nothing can be removed: {away}")
    until, found = time.monotonic() + seconds, []
    with transaction() as session:
        retention = policy_in_force.current(session).retention
    for kind, days in _ages(retention).items():
        amount = Amount()
        is_late = False
        for slice_ in KINDS[kind](days, dry) if days is not None else ():
            amount += slice_
            # what walks through folders begins from the start each time, and so goes to its end
            is_late = kind not in _WALKED and time.monotonic() > until
            if is_late:
                break
        found.append(Pruned(kind, days, amount.number, amount.bytes))
        if is_late:
            return Round(found, is_finished=False)
    return Round(found, is_finished=True)


@app.task(name="crobot.prune", ignore_result=True, send_events=False)
def prune_daily() -> None:
    """Do a round if the day's prune is due, and was not finished; any number of heads may do so at once."""
    with transaction() as session:
        retention = policy_in_force.current(session).retention
        day = pruning.due(session, retention.hour) if retention.daily else None
    if day is None or not _busy.acquire(blocking=False):
        return
    try:
        round_ = prune_round()
    except ServiceError as error:
        log.warning("old files and rows stay for now: %s", error)
        return
    finally:
        _busy.release()
    for one in round_.kinds:
        if one.number:
            done = "moved" if one.kind in MOVED else "removed"
            log.info(
                "%s %d %s, %d bytes, older than %s days", done, one.number, one.kind, one.bytes, one.days
            )
    if round_.is_finished:
        with transaction() as session:
            pruning.note_day(session, day)


def _ages(retention: Retention) -> dict[str, int | None]:
    """Return how many days each kind is kept; what the policy says nothing of cannot be changed."""
    return {kind: old_rows.FIXED_DAYS.get(kind) or retention.days_of(kind) for kind in KINDS}


def _rows(kind: str, days: int, dry: bool) -> Iterator[Amount]:
    def forget() -> Amount:
        with transaction() as session:
            return old_rows.count(session, kind, days) if dry else old_rows.remove(session, kind, days)

    yield from _slices(forget, dry)


def _uploads(days: int, dry: bool) -> Iterator[Amount]:
    def forget() -> Amount:
        with transaction() as session:
            row = uploads.count_old(session, days) if dry else uploads.forget(session, days)
        return Amount(row.number, int(row.bytes))

    yield from _slices(forget, dry)


def _slices(work: Callable[[], Amount], dry: bool) -> Iterator[Amount]:
    while (amount := retrying(work)).number:
        yield amount
        if dry:
            return


_WALKED: dict[str, Kind] = {
    "analyses": lambda days, dry: prune_analyses(days, dry=dry),
    "schemes": lambda days, dry: prune_schemes(days, dry=dry),
}


def _jobs(state: JobState) -> Kind:
    return lambda days, dry: move_jobs(state, days, dry=dry)


#: what is not removed, but moved to the past jobs
MOVED: dict[str, Kind] = {f"jobs_{state.lower()}": _jobs(state) for state in OVER}
#: what is removed, in this order: what is quick comes first
KINDS: dict[str, Kind] = {
    "answers": partial(_rows, "answers"),
    "messages": partial(_rows, "messages"),
    "chords": partial(_rows, "chords"),
    "revoked": partial(_rows, "revoked"),
    "deliveries": partial(_rows, "deliveries"),
    "webhooks": partial(_rows, "webhooks"),
    "changes": partial(_rows, "changes"),
    "uploads": _uploads,
    "nodes": partial(_rows, "nodes"),
    **MOVED,
    "past_jobs": lambda days, dry: drop_past_jobs(days, dry=dry),
    "unused_outputs": lambda days, dry: prune_job_files("unused_outputs", days, dry=dry),
    "logs": lambda days, dry: prune_job_files("logs", days, dry=dry, logs=True),
    **_WALKED,
}
