"""Which attempts have ended long ago, what of their files is still needed, and how far a prune has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.crobot.models.jobs import LIVE_SQL, OVER_SQL

#: where a kind begins that was never pruned
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
#: the kind of the row that says for which day all of it was done
DAILY = "daily"

_DONE_TO = text("""
    SELECT COALESCE((SELECT done_to FROM crobot.prunings WHERE kind = :kind), :beginning)""")

# Of two heads that do the same at once, one goes on.
_MOVE = text("""
    INSERT INTO crobot.prunings AS p (kind, done_to) VALUES (:kind, :to)
    ON CONFLICT (kind) DO UPDATE SET done_to = :to WHERE p.done_to = :from_
    RETURNING kind""")

_NOTE_DAY = text("UPDATE crobot.prunings SET done_to = :day WHERE kind = :daily AND done_to < :day")

_BEGIN_ANEW = text("DELETE FROM crobot.prunings WHERE kind <> :daily")

# The clock of the database is the only one. Before the hour, the last day on which it was due is yesterday.
_DUE = text("""
    SELECT date_trunc('day', now() - make_interval(hours => :hour), 'UTC')""")
_BEGIN = text("""
    INSERT INTO crobot.prunings (kind, done_to) VALUES (:daily, :day) ON CONFLICT (kind) DO NOTHING""")

# All that ended in one transaction have the same time: a slice that ends between them would leave some out.
_ENDED = text("""
    SELECT job_id, ended_at FROM crobot.all_attempts
    WHERE ended_at > :after AND ended_at < now() - make_interval(days => :days)
    ORDER BY ended_at FETCH FIRST :limit ROWS WITH TIES""")

# A result names files by their paths; which attempt has written them is a folder in these.
_JOBS = text(f"""
    SELECT j.id, j.state, j.attempt, COALESCE(j.{OVER_SQL} AND j.finished_at < d.day, false) AS is_old,
           ARRAY(SELECT a.number FROM crobot.all_attempts a WHERE a.job_id = j.id AND a.ended_at < d.day ORDER BY 1)
               AS ended,
           ARRAY(SELECT DISTINCT m[1] FROM regexp_matches(
               CASE WHEN j.state = 'COMPLETE' THEN concat(j.result, j.output_location, j.children) END,
               '/outputs/' || j.id / 1000 || '/' || j.id || '/([0-9]+(?:/log[.]txt)?)', 'g') m) AS named
    FROM crobot.all_jobs j, (SELECT now() - make_interval(days => :days) AS day) d
    WHERE j.id = ANY(:ids) AND (:all OR j.attempt > 1 OR j.state IN ('FAILED', 'CANCELLED'))
    ORDER BY j.id""")

_IN_USE = text(f"""
    SELECT DISTINCT m[1] AS folder, m[2] AS number, m[3] AS scheme
    FROM crobot.jobs j, regexp_matches(
        concat(j.args, j.kwargs, j.data),
        '/(?:(outputs|analyses)/[0-9]+/([0-9]+)|schemes/([^/"]+/[^/"]+/[^/"]+))', 'g') m
    WHERE j.{LIVE_SQL}""")


@dataclass(frozen=True)
class InUse:
    """What live jobs read from the storage."""

    #: numbers of the jobs that have written it
    jobs: frozenset[int]
    #: numbers of analyses
    analyses: frozenset[int]
    #: species/scheme/version
    schemes: frozenset[str]


def done_to(session: Session, kind: str) -> datetime:
    """Return up to when what has ended is pruned."""
    found: datetime = session.execute(_DONE_TO, {"kind": kind, "beginning": BEGINNING}).scalar_one()
    return found


def move(session: Session, kind: str, from_: datetime, to: datetime) -> bool:
    """Note that it is pruned up to another time; false if somebody else has noted something meanwhile."""
    return session.execute(_MOVE, {"kind": kind, "from_": from_, "to": to}).scalar() is not None


def begin_anew(session: Session) -> None:
    """Have all that ever ended be looked at again."""
    session.execute(_BEGIN_ANEW, {"daily": DAILY})


def due(session: Session, hour: int) -> datetime | None:
    """Return the day, of UTC, for which a prune is due and not done; None if there is none.

    A database that is new to this begins with the next day, so that an operator may look before at what would go.
    """
    day: datetime = session.execute(_DUE, {"hour": hour}).scalar_one()
    session.execute(_BEGIN, {"daily": DAILY, "day": day})
    return day if done_to(session, DAILY) < day else None


def note_day(session: Session, day: datetime) -> None:
    """Note that all kinds were done for a day, and for those before it."""
    session.execute(_NOTE_DAY, {"daily": DAILY, "day": day})


def ended(session: Session, after: datetime, days: int, limit: int = 500) -> Sequence[Row[Any]]:
    """Return the next attempts that ended more than so many days ago: ``job_id``, ``ended_at``, the oldest first.

    There are more than ``limit`` if several have ended in the same moment.
    """
    return session.execute(_ENDED, {"after": after, "days": days, "limit": limit}).all()


def jobs(session: Session, ids: Sequence[int], days: int, also_complete: bool = False) -> Sequence[Row[Any]]:
    """Return what is known of jobs that may have files which nobody needs.

    Without ``also_complete``, jobs that were done at the first try are left out.

    Returns:
        Rows of ``id``, ``state``, ``attempt``, ``is_old`` (it is over for so many days), ``ended`` (its attempts that
        are), ``named`` (folders of attempts, and logs in them, that its result names).
    """
    return session.execute(_JOBS, {"ids": list(ids), "days": days, "all": also_complete}).all()


def in_use(session: Session) -> InUse:
    """Return what live jobs read; it looks at all of them."""
    rows = session.execute(_IN_USE).all()
    return InUse(
        frozenset(int(row.number) for row in rows if row.folder == "outputs"),
        frozenset(int(row.number) for row in rows if row.folder == "analyses"),
        frozenset(row.scheme for row in rows if row.scheme),
    )
