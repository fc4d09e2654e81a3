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

_LIVE = text(f"SELECT state, count(*) AS jobs FROM crobot.jobs WHERE {OF_LIVE} GROUP BY state")
_OVER = text(f"SELECT state, count(*) AS jobs FROM crobot.jobs WHERE {OF_OVER} GROUP BY state")
# The planner's guess, from the statistics that autovacuum keeps: it reads no job.
_ESTIMATE = text(f"EXPLAIN (FORMAT JSON) SELECT FROM crobot.jobs WHERE {OF_OVER}")


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
        if part is _OVER and (jobs := _estimate(session, values)) > EXACT:
            state = JobState(values["state"])
            found[state] = jobs
            found.estimated.add(state)
        else:
            found.update({JobState(row.state): row.jobs for row in session.execute(part, values)})
    return found


def _estimate(session: Session, values: dict[str, Any]) -> int:
    return int(session.execute(_ESTIMATE, values).scalar_one()[0]["Plan"]["Plan Rows"])
