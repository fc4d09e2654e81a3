"""How many jobs there are of each state: exactly while that is cheap, and else as PostgreSQL estimates it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.crobot import JobState
from db.crobot.selection import ALL, OF_LIVE, OF_OVER, Selection

#: more jobs that are over are not counted one by one: nobody steers by the last digits, and it would read them all
EXACT = 50_000
_MOST = EXACT + 1

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
    for part, values in selection.parts(_LIVE, _OVER):
        if part is _OVER:
            _count_over(session, found, values)
        else:
            found.update({JobState(row.state): row.jobs for row in session.execute(part, values)})
    return found


def _count_over(session: Session, found: Counts, values: dict[str, Any]) -> None:
    state, jobs = JobState(values["state"]), _estimate(session, values)
    if jobs < _MOST:
        session.execute(_BITMAPS, {"value": "off"})
        jobs = int(session.execute(_OVER, values).scalar_one())
        session.execute(_BITMAPS, {"value": "on"})
    if jobs:
        found[state] = jobs
    if jobs > EXACT:
        found.estimated.add(state)


def _estimate(session: Session, values: dict[str, Any]) -> int:
    return int(session.execute(_ESTIMATE, values).scalar_one()[0]["Plan"]["Plan Rows"])
