"""Steering jobs, many at a time: hold, release, change of priority; all in the database, nothing in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.broker.json_values import plain
from crobot_tasks.lifecycle.calls.call_options import priority_of
from db.crobot import LIVE, control, counting, parking
from db.crobot.control import States
from db.crobot.selection import Selection
from db.engine import notify, retrying, transaction

#: jobs that one transaction changes: it holds their rows, for which dispatches and reports wait
SLICE = 2000


def live(selection: Selection) -> Selection:
    """Return the same, of live jobs only."""
    states = LIVE if selection.states is None else tuple(one for one in selection.states if one in LIVE)
    return replace(selection, states=states)


def counts(selection: Selection) -> States:
    """Return state → how many of the selected jobs have it; many that are over are estimated."""
    with transaction() as session:
        return counting.counts(session, selection)


def chosen(selection: Selection) -> list[int]:
    """Return the numbers of the selected jobs as of now: those that are sent later are not among them."""
    with transaction() as session:
        return control.ids(session, selection)


def hold(selection: Selection, reason: str) -> States:
    """Hold live jobs: a waiting one is not dispatched; one that runs goes on, but is not tried again; how many of each.

    Raises:
        BadInput: text that cannot be stored.
    """
    plain(reason, "the reason")
    return _in_slices(live(selection), lambda session, ids: control.hold(session, ids, reason))


def release(selection: Selection) -> States:
    """Release jobs that are held; how many of each state."""
    return _in_slices(replace(selection, held=True), control.release)


def reprioritise(selection: Selection, priority: int) -> States:
    """Give live jobs another priority, 0 (first) to 9; how many of each state. It matters to those that wait.

    Raises:
        BadInput: no such priority.
    """
    wanted = priority_of(priority)
    return _in_slices(live(selection), lambda session, ids: control.reprioritise(session, ids, wanted))


def slices(job_ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Cut a list of jobs into what one transaction takes."""
    return (job_ids[start : start + size] for start in range(0, len(job_ids), size))


def _in_slices(selection: Selection, change: Callable[[Any, Sequence[int]], States]) -> States:
    changed: States = Counter()
    for some in slices(chosen(selection), SLICE):
        changed += retrying(partial(_change, change, some))
    return changed


def _change(change: Callable[[Any, Sequence[int]], States], job_ids: Sequence[int]) -> States:
    with transaction() as session:
        changed = change(session, job_ids)
        notify(session, parking.CHANNEL)
    return changed
