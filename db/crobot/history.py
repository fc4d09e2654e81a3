"""What ran and what waits, for simulations: how long jobs really took, and what they asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_RUN_S = "EXTRACT(epoch FROM a.ended_at - a.started_at)"

# What only ended because a node did says nothing of how long the job takes.
_RAN = "a.started_at IS NOT NULL AND a.ended_at IS NOT NULL AND a.outcome IN ('ok', 'tool')"

_DURATIONS = text(f"""
    SELECT {_RUN_S} AS run_s
    FROM (SELECT id, attempt FROM crobot.all_jobs WHERE pipeline = :pipeline AND state = 'COMPLETE'
          ORDER BY id DESC LIMIT :limit) j
    JOIN crobot.all_attempts a ON a.job_id = j.id AND a.number = j.attempt
    WHERE a.outcome = 'ok' AND {_RAN}""")

_COLUMNS = """j.id, j.pipeline, j.version, j.priority, j.workgroup, j.user_id, j.cores, j.memory_bytes, j.disk_bytes,
    COALESCE(t.run_s, j.expected_s) AS expected_s"""
_TYPICAL = """LEFT JOIN crobot.typical t
    ON t.pipeline = j.pipeline AND t.version = j.version AND t.expected_s = j.expected_s AND t.samples >= 5"""

_PERIOD = text(f"""
    SELECT {_COLUMNS}, EXTRACT(epoch FROM j.sent_at - (now() - make_interval(secs => :seconds))) AS arrival_s,
           {_RUN_S} AS run_s
    FROM crobot.all_jobs j JOIN crobot.all_attempts a ON a.job_id = j.id AND a.number = j.attempt {_TYPICAL}
    WHERE j.sent_at >= now() - make_interval(secs => :seconds) AND {_RAN}
      -- nothing ends before it is sent; ends have an index
      AND a.ended_at >= now() - make_interval(secs => :seconds)
    ORDER BY j.sent_at, j.id""")

_WAITING = text(f"""
    SELECT {_COLUMNS}, GREATEST(0, EXTRACT(epoch FROM j.available_at - now())) AS arrival_s,
           CAST(NULL AS float8) AS run_s
    FROM crobot.jobs j {_TYPICAL}
    WHERE j.state = 'WAITING' AND j.held_at IS NULL ORDER BY j.id""")


def durations(session: Session, pipeline: str, limit: int = 10_000) -> list[float]:
    """Seconds that the last jobs of a pipeline took that ended well."""
    rows = session.execute(_DURATIONS, {"pipeline": pipeline, "limit": limit}).scalars()
    return [float(seconds) for seconds in rows]


def period(session: Session, seconds: float) -> Sequence[Row[Any]]:
    """Jobs that were sent in the last so many seconds and ran to their end: ``arrival_s`` in the period, ``run_s``."""
    return session.execute(_PERIOD, {"seconds": seconds}).all()


def waiting(session: Session) -> Sequence[Row[Any]]:
    """Jobs that wait now, in the same columns; ``run_s`` is null, and nobody held them back."""
    return session.execute(_WAITING).all()
