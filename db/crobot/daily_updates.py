"""Queries on how far the daily updates of each species have come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

# The clock of the database is the only one. Before the hour, the last day on which it was due is yesterday.
_DUE = text("""
    SELECT CAST(now() AT TIME ZONE 'UTC' - make_interval(hours => :hour) AS date)""")

_MISSED = text("""
    SELECT database, day FROM crobot.daily_updates
    WHERE day < CAST(now() AT TIME ZONE 'UTC' - make_interval(hours => :hour) AS date) ORDER BY database""")

_BEGIN = text("""
    INSERT INTO crobot.daily_updates (database, day) VALUES (:database, :day) ON CONFLICT (database) DO NOTHING""")

_TAKE = text("""
    SELECT day FROM crobot.daily_updates WHERE database = :database AND day < :day FOR UPDATE SKIP LOCKED""")

_DONE = text("UPDATE crobot.daily_updates SET day = :day WHERE database = :database")


def due(session: Session, hour: int) -> date:
    """Return the last day on which the update was due, at this hour of UTC."""
    found: date = session.execute(_DUE, {"hour": hour}).scalar_one()
    return found


def missed(session: Session, hour: int) -> Sequence[Row[Any]]:
    """Return ``database`` and last ``day`` of species whose update was due at this hour of UTC, and is not done."""
    return session.execute(_MISSED, {"hour": hour}).all()


def take(session: Session, database: str, day: date) -> bool:
    """Say whether this day's update of a species is to be done here; nobody else gets it until the transaction ends.

    A species that is new to this begins with the next day.
    """
    given = {"database": database, "day": day}
    session.execute(_BEGIN, given)
    return session.execute(_TAKE, given).one_or_none() is not None


def done(session: Session, database: str, day: date) -> None:
    """Note that the day's update was done, and with it those that were missed."""
    session.execute(_DONE, {"database": database, "day": day})
