"""How many jobs there are of each state: exactly while that is cheap, and else as PostgreSQL estimates it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.crobot import JobState, moments
from db.crobot.selection import ALL, OF_LIVE, OF_OVER, Selection
from db.engine import within

#: more jobs that are over are not counted one by one: nobody steers by the last digits, and it would read them all
EXACT = 50_000
_MOST = EXACT + 1
#: for a state of which several conditions at once are to be counted, which no index has
SECONDS = 0.03

_LIVE = text(f"SELECT state, count(*) AS jobs FROM crobot.jobs WHERE {OF_LIVE} GROUP BY state")
# Until a table is analyzed PostgreSQL takes any state to be rare: then this ends it.
_OVER = text(f"SELECT count(*) FROM (SELECT FROM crobot.all_jobs WHERE {OF_OVER} LIMIT {_MOST}) found")
# It would enter all jobs of a state that it takes to be rare into a bitmap before the first is counted.
_BITMAPS = text("SELECT set_config('enable_bitmapscan', :value, true)")
# The planner's guess, from the statistics that autovacuum keeps: it reads no job.
_ESTIMATE = text(f"EXPLAIN (FORMAT JSON) SELECT FROM crobot.all_jobs WHERE {OF_OVER}")


class Counts(Counter[JobState]):
    """State → number of jobs."""

    def __init__(self, counts: Mapping[JobState, int] | None = None) -> None:
        super().__init__(counts or {})
        #: states of which the number is an estimate
        self.estimated: set[JobState] = set()


def counts(session: Session, selection: Selection = ALL) -> Counts:
    """State → how many of the selected jobs have it."""
    found = Counts()
    seconds = SECONDS if selection.is_combined and moments.beyond(session) > moments.FEW else None
    for part, values in selection.parts(_LIVE, _OVER):
        if part is _OVER:
            _count_over(session, found, values, seconds)
        else:
            found.update({JobState(row.state): row.jobs for row in session.execute(part, values)})
    return found


def _count_over(session: Session, found: Counts, values: dict[str, Any], seconds: float | None) -> None:
    state, estimate = JobState(values["state"]), _estimate(session, values)
    jobs = _exactly(session, values, seconds) if estimate < _MOST else None
    if jobs is None or jobs > EXACT:
        found.estimated.add(state)
    if count := estimate if jobs is None else jobs:
        found[state] = count


def _exactly(session: Session, values: dict[str, Any], seconds: float | None) -> int | None:
    """Return how many there are, `_MOST` if there are more; None if that takes longer than it may."""

    def counted() -> int:
        return int(session.execute(_OVER, values).scalar_one())

    session.execute(_BITMAPS, {"value": "off"})
    jobs = counted() if seconds is None else within(session, seconds, counted)
    session.execute(_BITMAPS, {"value": "on"})
    return jobs


def _estimate(session: Session, values: dict[str, Any]) -> int:
    return int(session.execute(_ESTIMATE, values).scalar_one()[0]["Plan"]["Plan Rows"])
