"""A change of many jobs: begun once, done in slices by a thread of its own, each noted in its own transaction."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import TypeVar

from crobot_errors import CRobotError
from crobot_tasks.operate.hold import slices
from crobot_tasks.web.flower.changing import Noted
from crobot_tasks.web.flower.steering.fields import Given
from crobot_tasks.web.flower.steering.kinds import Kind
from db.crobot import changes, control, jobs
from db.crobot.changes import Begun
from db.crobot.selection import Selection
from db.engine import is_away, retrying, transaction

log = logging.getLogger(__name__)

#: so long a form waits for the end of what it asked for, seconds; most changes are over at once
_WAIT_S = 2.0
#: the database is away: tried again after so long, for so long, seconds
_PAUSE_S, _PATIENCE_S = 1.0, 600.0
#: refusals that are told of
_TOLD = 5

_threads = ThreadPoolExecutor(2, "steering")
_stopping = threading.Event()

T = TypeVar("T")


@dataclass
class Work:
    """What is to be done, and what became of it."""

    kind: Kind
    given: Given
    job_ids: Sequence[int]
    #: in the table of changes
    number: int
    refused: dict[int, str] = field(default_factory=dict)
    #: the slice that was begun last
    begun: Sequence[int] = ()


def begin(begun: Begun, kind: Kind, given: Given, job_ids: Sequence[int]) -> Noted:
    """Begin a change of these jobs, unless its form was sent before, and wait a moment for its end."""

    def note() -> Noted:
        with transaction() as session:
            number = changes.begin(session, begun)
            if number is None:
                return Noted(changes.of_form(session, begun.form), again=True)
            return Noted(number)

    noted = retrying(note)
    if not noted.again:
        with suppress(NotYet):
            _threads.submit(_do, Work(kind, given, job_ids, noted.number)).result(_WAIT_S)
    return noted


def stop() -> None:
    """Let changes that are under way end with their slice: the process ends."""
    _stopping.set()


def _do(work: Work) -> None:
    try:
        for some in _parts(work):
            if _stopping.is_set():
                return
            _while_away(partial(_change, work, some))
        _while_away(partial(_end, work, ""))
    except Exception as error:
        # whoever looks at the change is to know, and the log has the rest
        log.exception("change %d stopped", work.number)
        said = str(error) if isinstance(error, CRobotError) else type(error).__name__
        with suppress(Exception):
            _end(work, f"stopped: {said}")


def _parts(work: Work) -> Iterator[Sequence[int]]:
    if not work.kind.by_species:
        yield from slices(work.job_ids, work.kind.slice)
        return
    with transaction() as session:
        species = {job_id: name or "" for job_id, name in jobs.databases(session, work.job_ids).items()}
    for _, of_one in groupby(sorted(species, key=lambda one: (species[one], one)), key=species.__getitem__):
        yield from slices(list(of_one), work.kind.slice)


def _change(work: Work, some: Sequence[int]) -> None:
    """Change those of a slice that can be, as they are now: nobody else changes them before this is committed."""
    again, work.begun = work.begun is some, some
    with transaction() as session:
        jobs.lock(session, some)
        wanted = control.ids(session, work.kind.of(Selection(ids=tuple(some))))
        # One whose commit was lost on the way may be there. Asking always would be to compare each slice with each.
        done = changes.done_before(session, work.number, some) if again else set()
        left = [job_id for job_id in wanted if job_id not in done]
        refused = work.kind.do(session, left, work.given) if left else {}
        changed = [job_id for job_id in left if job_id not in refused]
        if changed:
            changes.note_part(session, work.number, changed)
    work.refused |= refused


def _end(work: Work, why: str) -> None:
    with transaction() as session:
        row = changes.find(session, work.number)
        left = len(work.job_ids) - len(work.refused) - (row.jobs or 0 if row else 0)
        changes.end(session, work.number, "; ".join(_said(work, why, left)))


def _said(work: Work, why: str, left: int) -> Iterator[str]:
    """Say what became of those jobs that were not changed."""
    if why:
        yield why
    if left:
        yield f"{left:,} left as they were" + ("" if why else f": not {work.kind.wanted} any more")
    yield from (f"job {job_id}: {reason}" for job_id, reason in list(work.refused.items())[:_TOLD])
    if len(work.refused) > _TOLD:
        yield f"and {len(work.refused) - _TOLD:,} more were refused"


def _while_away(step: Callable[[], T]) -> T:
    """Do a step, however long the database is away, within patience."""
    ends_at = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return retrying(step)
        except Exception as error:
            if not is_away(error) or time.monotonic() > ends_at or _stopping.wait(_PAUSE_S):
                raise
