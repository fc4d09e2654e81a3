"""What jobs may be selected by: the values of the last months, found by stepping through an index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.crobot import LIVE_SQL, OVER_SQL

# Past jobs are left out: each step would look into each of their partitions. Whoever wants an older value can type it.
#: columns with an index of the jobs that are over
COLUMNS = ("pipeline", "database", "user_id", "workgroup", "node")

_STEPS = {
    column: text(f"""
        WITH RECURSIVE one AS (
            (SELECT {column} AS value FROM crobot.jobs WHERE {OVER_SQL} AND {column} IS NOT NULL
             ORDER BY {column} LIMIT 1)
            UNION ALL
            SELECT (SELECT j.{column} FROM crobot.jobs j WHERE {OVER_SQL} AND j.{column} > one.value
                    ORDER BY j.{column} LIMIT 1)
            FROM one WHERE one.value IS NOT NULL)
        SELECT value FROM one WHERE value IS NOT NULL LIMIT :limit""")
    for column in COLUMNS
}
_LIVE = text(f"""
    SELECT DISTINCT {", ".join(COLUMNS)} FROM (
        SELECT {", ".join(COLUMNS)} FROM crobot.jobs WHERE {LIVE_SQL} ORDER BY id DESC LIMIT :most) latest""")
#: live jobs that are looked at, the youngest; of many more PostgreSQL would sort all that there are
_MOST = 1000
_BATCHES = text("SELECT name FROM crobot.batches ORDER BY id DESC LIMIT :limit")


def suggestions(session: Session, limit: int = 200) -> dict[str, list[str]]:
    """Column → values of jobs that are live or over, in order, up to ``limit``; and the newest batches."""
    live = session.execute(_LIVE, {"most": _MOST}).all()
    found = {column: _values(session, column, live, limit) for column in COLUMNS}
    return found | {"batch": list(session.execute(_BATCHES, {"limit": limit}).scalars())}


def _values(session: Session, column: str, live: Any, limit: int) -> list[str]:
    over = session.execute(_STEPS[column], {"limit": limit}).scalars()
    values = {*over, *(_value(row, column) for row in live)} - {None, ""}
    return [str(value) for value in sorted(values)][:limit]


def _value(row: Row[Any], column: str) -> Any:
    return row._mapping[column]
