"""Reading that is given up after a while, so that whoever waits for a page has an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

_FORMER = text("SELECT current_setting('statement_timeout')")
_TIMEOUT = text("SELECT set_config('statement_timeout', :timeout, true)")
#: PostgreSQL's code of a statement that was cancelled
_CANCELED = "57014"

T = TypeVar("T")


def within(session: Session, seconds: float, work: Callable[[], T]) -> T | None:
    """Call ``work``, which only reads, and return what it gives; None if one of its statements takes longer."""
    former = session.execute(_FORMER).scalar_one()
    try:
        with session.begin_nested():
            session.execute(_TIMEOUT, {"timeout": f"{round(seconds * 1000)}ms"})
            found = work()
            session.execute(_TIMEOUT, {"timeout": former})
            return found
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != _CANCELED:
            raise
        return None
