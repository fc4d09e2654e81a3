"""(d) Reports that wait for the storage, and the mark by which that storage is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.jsonb import as_json

_LIVE = text("""
    SELECT j.*, a.unapplied_reason, EXTRACT(epoch FROM now() - a.unapplied_since) AS unapplied_s
    FROM crobot.jobs j
    JOIN json_to_recordset(:reports) AS r(job_id bigint, number smallint, node text)
      ON j.id = r.job_id AND j.attempt = r.number AND (r.node IS NULL OR r.node = j.node)
    JOIN crobot.attempts a ON a.job_id = j.id AND a.number = j.attempt
    WHERE j.state IN ('ROUTED', 'RUNNING')""").bindparams(*as_json("reports"))

# The time counts for one reason: a file gets its whole time after the storage is back.
_NOTE = text("""
    UPDATE crobot.attempts a
    SET unapplied_since = CASE WHEN a.unapplied_reason = r.reason THEN a.unapplied_since ELSE now() END,
        unapplied_reason = r.reason
    FROM json_to_recordset(:reports) AS r(job_id bigint, number smallint, reason text)
    WHERE a.job_id = r.job_id AND a.number = r.number AND a.ended_at IS NULL""").bindparams(
    *as_json("reports")
)

_WAITING = text("""
    SELECT unapplied_reason AS reason, count(*) AS reports, min(unapplied_since) AS since,
           array_agg(job_id ORDER BY job_id) AS job_ids
    FROM crobot.attempts WHERE unapplied_since IS NOT NULL AND ended_at IS NULL
    GROUP BY unapplied_reason ORDER BY count(*) DESC, min(unapplied_since)""")

_MARK = text("SELECT mark FROM crobot.storage WHERE id = 1")
_SET_MARK = text("INSERT INTO crobot.storage (id, mark) VALUES (1, :mark) ON CONFLICT (id) DO NOTHING")
# Some of the first and of the last jobs tell, and no index is needed for it.
_HAS_OUTPUTS = text("""
    SELECT EXISTS (
        SELECT FROM ((SELECT output_location FROM crobot.all_jobs ORDER BY id LIMIT 1000) UNION ALL
                     (SELECT output_location FROM crobot.all_jobs ORDER BY id DESC LIMIT 1000)) j
        WHERE output_location IS NOT NULL)""")


def live(session: Session, attempts: Mapping[tuple[int, int], str | None]) -> Sequence[Row[Any]]:
    """Jobs, all columns, whose live attempts these are, on the node if one is named; and how long their report waits.

    ``unapplied_s`` and ``unapplied_reason`` are None for a report that came for the first time. Nothing is locked.
    """
    pairs = [{"job_id": key[0], "number": key[1], "node": node} for key, node in attempts.items()]
    return session.execute(_LIVE, {"reports": pairs}).all()


def note(session: Session, reasons: Mapping[tuple[int, int], str]) -> None:
    """Note why the reports on these attempts are not applied yet."""
    reports = [
        {"job_id": key[0], "number": key[1], "reason": reason} for key, reason in sorted(reasons.items())
    ]
    session.execute(_NOTE, {"reports": reports})


def waiting(session: Session) -> Sequence[Row[Any]]:
    """Reports that wait, by their ``reason``: how many ``reports``, ``since`` when, and of which ``job_ids``."""
    return session.execute(_WAITING).all()


def storage_mark(session: Session) -> str | None:
    """The mark of the storage; None before a head has ever used it."""
    return session.execute(_MARK).scalar()


def set_storage_mark(session: Session, mark: str) -> None:
    """Keep the mark of the storage; another head's, if it was first, stays."""
    session.execute(_SET_MARK, {"mark": mark})


def has_outputs(session: Session) -> bool:
    """Whether a job has ever left files on a storage."""
    return bool(session.execute(_HAS_OUTPUTS).scalar())
