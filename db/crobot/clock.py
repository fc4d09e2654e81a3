"""The database's clock, by which all times are that decide anything."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_NOW = text("SELECT now()")


def now(session: Session) -> datetime:
    """Return the time at which the transaction began."""
    at: datetime = session.execute(_NOW).scalar_one()
    return at
