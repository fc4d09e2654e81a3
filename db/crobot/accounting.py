"""(b) What jobs took: folded, once, into the shares of their owners, the typical times of their kinds, and counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

#: a finishing transaction that takes longer than this is not charged; younger ends are counted one by one
SETTLING_S = 5
#: upper ends, in seconds, of the buckets of what takes seconds to days, and of what takes milliseconds
LONG_BUCKETS = [0.5, 1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 604_800, math.inf]
SHORT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, math.inf]
#: after so many samples a new one changes the typical time by a two-hundredth
MEMORY_OF = 200

_FOLDED = text("""
    INSERT INTO crobot.accounting (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 1
    RETURNING folded_to, now() - make_interval(secs => :settling_s) AS fold_to""")
_FOLD_TO = text("UPDATE crobot.accounting SET folded_to = :fold_to WHERE id = 1")

_ENDED = """
    crobot.attempts a JOIN crobot.jobs j ON j.id = a.job_id
    WHERE a.started_at IS NOT NULL AND a.ended_at"""
_CHARGE = """(a.cores + :charge_gib * a.memory_bytes / 1073741824.0) * EXTRACT(epoch FROM a.ended_at - a.started_at)"""
# Reports are checked when they come, but what earlier versions have stored may be anything.
_PEAK_MEMORY_BYTES = f"""
    CASE WHEN jsonb_typeof(a.usage->'peak_memory_bytes') = 'number'
         THEN CAST(LEAST(GREATEST(CAST(a.usage->>'peak_memory_bytes' AS numeric), 0), {2**63 - 1}) AS bigint) END"""
_DECAY = "power(0.5, EXTRACT(epoch FROM now() - s.as_of) / :half_life_s)"

_CHARGE_OWNERS = text(f"""
    INSERT INTO crobot.shares AS s (workgroup, user_id, used)
    SELECT j.workgroup, j.user_id, sum({_CHARGE}) FROM {_ENDED} > :folded_to AND a.ended_at <= :fold_to
    GROUP BY 1, 2
    ON CONFLICT (workgroup, user_id) DO UPDATE SET used = s.used * {_DECAY} + excluded.used, as_of = now()""")

_MEASURE = text(f"""
    INSERT INTO crobot.typical AS t (pipeline, version, expected_s, samples, run_s, run_p90_s, peak_memory_bytes)
    SELECT j.pipeline, j.version, j.expected_s, count(*),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM a.ended_at - a.started_at)),
           percentile_cont(0.9) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM a.ended_at - a.started_at)),
           max({_PEAK_MEMORY_BYTES})
    FROM {_ENDED} > :folded_to AND a.ended_at <= :fold_to AND a.outcome = 'ok'
    GROUP BY 1, 2, 3
    ON CONFLICT (pipeline, version, expected_s) DO UPDATE
    SET samples = LEAST(t.samples + excluded.samples, {MEMORY_OF}),
        run_s = t.run_s + (excluded.run_s - t.run_s) * excluded.samples / (t.samples + excluded.samples),
        run_p90_s =
            t.run_p90_s + (excluded.run_p90_s - t.run_p90_s) * excluded.samples / (t.samples + excluded.samples),
        peak_memory_bytes = GREATEST(t.peak_memory_bytes, excluded.peak_memory_bytes), as_of = now()""")

# The time is bound, not looked up within: PostgreSQL could not know that little ended since, and would read all jobs.
_LAST_FOLD = text("SELECT folded_to FROM crobot.accounting")
_USED = text(f"""
    SELECT workgroup, user_id, sum(used) AS used FROM (
        SELECT workgroup, user_id, used * {_DECAY} AS used FROM crobot.shares s
        UNION ALL
        SELECT j.workgroup, j.user_id, {_CHARGE} FROM {_ENDED} > :folded_to) u
    GROUP BY 1, 2""")


_BUCKET = "(SELECT min(b) FROM unnest(CAST(:buckets AS float8[])) AS b WHERE b >= t.seconds)"
_ADD = """
    ON CONFLICT (name, pipeline, up_to_s) DO UPDATE
    SET number = d.number + excluded.number, total_s = d.total_s + excluded.total_s"""
# The first attempt of a job waited since the job was sent, or since it was due. A job that waits for another attempt is
# due later than its first one began.
_COUNT_DURATIONS = text(f"""
    INSERT INTO crobot.durations AS d (name, pipeline, up_to_s, number, total_s)
    SELECT t.name, t.pipeline, {_BUCKET}, count(*), sum(t.seconds) FROM (
        SELECT v.name, j.pipeline, GREATEST(0, v.seconds) AS seconds
        FROM crobot.attempts a JOIN crobot.jobs j ON j.id = a.job_id CROSS JOIN LATERAL (VALUES
            ('running', EXTRACT(epoch FROM a.ended_at - a.started_at)),
            ('waiting', CASE WHEN a.number = 1 THEN EXTRACT(epoch FROM a.started_at - CASE
                WHEN j.available_at <= a.started_at THEN j.available_at ELSE j.sent_at END) END)) AS v(name, seconds)
        WHERE a.started_at IS NOT NULL AND a.ended_at > :folded_to AND a.ended_at <= :fold_to
          AND v.seconds IS NOT NULL) t
    GROUP BY 1, 2, 3 {_ADD}""")
_COUNT_ENDS = text("""
    INSERT INTO crobot.ends AS e (pipeline, outcome, number)
    SELECT j.pipeline, a.outcome, count(*) FROM crobot.attempts a JOIN crobot.jobs j ON j.id = a.job_id
    WHERE a.ended_at > :folded_to AND a.ended_at <= :fold_to AND a.outcome IS NOT NULL
    GROUP BY 1, 2
    ON CONFLICT (pipeline, outcome) DO UPDATE SET number = e.number + excluded.number""")
_NOTE_DURATIONS = text(f"""
    INSERT INTO crobot.durations AS d (name, pipeline, up_to_s, number, total_s)
    SELECT :name, '', {_BUCKET}, count(*), sum(t.seconds) FROM unnest(CAST(:seconds AS float8[])) AS t(seconds)
    GROUP BY 3 {_ADD}""")
_DURATIONS = text("SELECT * FROM crobot.durations ORDER BY name, pipeline, up_to_s")
_ENDS = text("SELECT * FROM crobot.ends ORDER BY pipeline, outcome")


def fold(session: Session, charge_gib: float, half_life_s: float) -> None:
    """Count in the attempts that ended since the last fold; ``charge_gib`` is the price of a GiB in cores."""
    row = session.execute(_FOLDED, {"settling_s": SETTLING_S}).one()
    if row.fold_to <= row.folded_to:
        return
    span: dict[str, Any] = {"folded_to": row.folded_to, "fold_to": row.fold_to}
    session.execute(_CHARGE_OWNERS, span | {"charge_gib": charge_gib, "half_life_s": half_life_s})
    session.execute(_MEASURE, span)
    session.execute(_COUNT_DURATIONS, span | {"buckets": LONG_BUCKETS})
    session.execute(_COUNT_ENDS, span)
    session.execute(_FOLD_TO, span)


def used(session: Session, charge_gib: float, half_life_s: float) -> dict[tuple[str, int], float]:
    """(Workgroup, user) → core-seconds charged for what has ended, decayed to now."""
    values = {"charge_gib": charge_gib, "half_life_s": half_life_s, "folded_to": session.scalar(_LAST_FOLD)}
    rows = session.execute(_USED, values)
    return {(row.workgroup, row.user_id): float(row.used) for row in rows}


def note_durations(session: Session, name: str, seconds: Sequence[float]) -> None:
    """Count in durations of something short that no table tells of, such as dispatches."""
    session.execute(_NOTE_DURATIONS, {"name": name, "seconds": list(seconds), "buckets": SHORT_BUCKETS})


def durations(session: Session) -> Sequence[Row[Any]]:
    """Return ``name``, ``pipeline``, ``up_to_s``, ``number`` and ``total_s`` of every bucket that has something."""
    return session.execute(_DURATIONS).all()


def ends(session: Session) -> Sequence[Row[Any]]:
    """Return how many attempts of each ``pipeline`` ended with each ``outcome``, but for the last seconds."""
    return session.execute(_ENDS).all()
