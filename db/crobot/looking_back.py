"""A page of jobs within a short time: where conditions match almost nothing together, it ends early, and says so.

There is an index for each condition, and none for two at once: PostgreSQL follows one, and looks at every job for the
other. A page cannot wait until it has gone through the history of years.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from db.crobot import jobs, moments
from db.crobot.selection import Selection
from db.engine import within

#: for a page as it is, and as long again, by ranges of numbers, if that was too short
SECONDS = 0.1


@dataclass(frozen=True)
class Found:
    """Jobs, the newest first."""

    rows: Sequence[Row[Any]]
    #: no job below this number was looked at; None: all were, or there are enough
    looked_to: int | None = None


def listing(session: Session, selection: Selection, *, before: int | None, limit: int) -> Found:
    """Return what `db.crobot.jobs.listing` does, as far as there is time for it."""
    whole = partial(jobs.listing, session, selection, before=before, limit=limit)
    if not selection.is_combined:
        return Found(whole())
    end = moments.beyond(session) if before is None else min(before, moments.beyond(session))
    if end <= moments.FEW:
        return Found(whole())
    rows = within(session, SECONDS, whole)
    return _by_ranges(session, selection, end, limit) if rows is None else Found(rows)


def _by_ranges(session: Session, selection: Selection, end: int, limit: int) -> Found:
    found: list[Row[Any]] = []
    lowest, width, ends_at = selection.first_id or 1, moments.FEW, time.monotonic() + SECONDS
    while end > lowest and len(found) < limit:
        first = max(lowest, end - width)
        one = partial(
            jobs.listing, session, replace(selection, first_id=first), before=end, limit=limit - len(found)
        )
        # the first one always ends, so that whoever goes on from there comes to an end
        rows = one() if width == moments.FEW else within(session, SECONDS, one)
        if rows is None:
            break
        found += rows
        end, width = first, width * 2
        if time.monotonic() > ends_at:
            break
    is_whole = end <= lowest or len(found) >= limit
    return Found(found, None if is_whole else end)
