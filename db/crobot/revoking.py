"""Queries on what was revoked, task ids and stamps: remembered, since a job may be parked under it later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.crobot import LIVE_SQL
from db.jsonb import as_json
from db.prepared import Prepared

#: no transaction that parks a job is open for so long
PARKED_WITHIN = "1 hour"

_NOTES = "jsonb_to_recordset(CAST(:notes AS jsonb)) AS n(header text, value jsonb)"

# Rows are written in one order, so that nobody waits for each other in a circle.
_NOTE = text(f"""
    INSERT INTO crobot.revoked (header, value)
    SELECT n.header, n.value FROM {_NOTES}
    GROUP BY n.header, n.value ORDER BY n.header, n.value
    ON CONFLICT (header, value) DO UPDATE SET revoked_at = now()""").bindparams(*as_json("notes"))

# What a settlement's stamps are compared with: each stamp by itself is found in the index.
_STAMPED = f"""
    SELECT s.task_id, s.job_id
    FROM {{}}
    JOIN crobot.settlements s ON s.stamps @> jsonb_build_object(n.header, jsonb_build_array(n.value))
     AND s.stamps IS NOT NULL AND s.settled_at IS NULL
    JOIN crobot.jobs j ON j.id = s.job_id AND j.{LIVE_SQL}"""

_WITH_IDS = text(f"""
    SELECT s.task_id, s.job_id FROM crobot.settlements s JOIN crobot.jobs j ON j.id = s.job_id AND j.{LIVE_SQL}
    WHERE s.task_id = ANY(:task_ids) AND s.settled_at IS NULL""")

_WITH_STAMPS = text(_STAMPED.format(_NOTES)).bindparams(*as_json("notes"))

_REVOKED = Prepared("""
    SELECT s.task_id, s.job_id FROM crobot.settlements s
    WHERE s.task_id = ANY(:task_ids) AND s.settled_at IS NULL AND (
        EXISTS (SELECT FROM crobot.revoked r WHERE r.header = '' AND r.value = to_jsonb(s.task_id))
        OR EXISTS (SELECT FROM jsonb_each(s.stamps) AS h(header, stamps)
                   CROSS JOIN LATERAL jsonb_array_elements(h.stamps) AS one(value)
                   JOIN crobot.revoked r ON r.header = h.header AND r.value = one.value))""")

_LATELY = f"SELECT header, value FROM crobot.revoked WHERE revoked_at > now() - interval '{PARKED_WITHIN}'"
_MISSED = text(f"""
    SELECT s.task_id, s.job_id
    FROM ({_LATELY} AND header = '') n
    JOIN crobot.settlements s ON s.task_id = n.value #>> '{{}}' AND s.settled_at IS NULL
    JOIN crobot.jobs j ON j.id = s.job_id AND j.{LIVE_SQL} AND j.cancel_requested_at IS NULL
    UNION
    {_STAMPED.format(f"({_LATELY} AND header <> '') n")} AND j.cancel_requested_at IS NULL""")

_SHARED = text("""
    SELECT DISTINCT job_id FROM crobot.settlements
    WHERE job_id = ANY(:job_ids) AND settled_at IS NULL AND task_id <> ALL(:task_ids)""")

# The send that leaves gets a row of its own, as if it had never joined. No job class has noted it, so none is told.
_OF_THE_CALL = ", ".join(
    "pipeline version tag database args kwargs cores memory_bytes disk_bytes time_limit_s expected_s".split()
)
_LEAVE = text(f"""
    WITH leaving AS (
        SELECT id, job_id, nextval(pg_get_serial_sequence('crobot.jobs', 'id')) AS own_id FROM crobot.settlements
        WHERE job_id = ANY(:job_ids) AND settled_at IS NULL AND task_id = ANY(:task_ids)),
    moved AS (
        UPDATE crobot.settlements s SET job_id = l.own_id
        FROM leaving l WHERE s.id = l.id),
    own AS (
        INSERT INTO crobot.jobs (id, {_OF_THE_CALL}, request, context) OVERRIDING SYSTEM VALUE
        SELECT l.own_id, {_OF_THE_CALL}, '{{}}', '{{}}' FROM leaving l JOIN crobot.jobs j ON j.id = l.job_id)
    SELECT own_id, job_id FROM leaving ORDER BY own_id""")

#: the name of a stamp → its values
Stamps = Mapping[str, Sequence[Any]]


def note_ids(session: Session, task_ids: Iterable[str]) -> None:
    """Remember that these task ids are revoked."""
    session.execute(_NOTE, {"notes": [{"header": "", "value": task_id} for task_id in task_ids]})


def note_stamps(session: Session, stamps: Stamps) -> None:
    """Remember that whatever has one of these stamps is revoked."""
    session.execute(_NOTE, {"notes": _notes(stamps)})


def with_ids(session: Session, task_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """The live jobs that owe a result under these task ids: ``task_id``, ``job_id``."""
    return session.execute(_WITH_IDS, {"task_ids": list(task_ids)}).all()


def with_stamps(session: Session, stamps: Stamps) -> Sequence[Row[Any]]:
    """The live jobs that were sent with one of these stamps: ``task_id``, ``job_id``."""
    return session.execute(_WITH_STAMPS, {"notes": _notes(stamps)}).all()


def revoked(session: Session, task_ids: Sequence[str]) -> Sequence[Any]:
    """What is owed under these task ids and was revoked before, by id or by stamp: ``task_id``, ``job_id``."""
    return _REVOKED.rows(session, {"task_ids": list(task_ids)})


def missed(session: Session) -> Sequence[Row[Any]]:
    """Live jobs that were revoked while the transaction that parked them was open, so that neither saw the other."""
    return session.execute(_MISSED).all()


def leave(session: Session, job_ids: Sequence[int], task_ids: Sequence[str]) -> dict[int, int]:
    """Part these task ids from those of the jobs, which are locked, that others wait for, too.

    Each gets a waiting job of its own; returns the number of that job → the number of the one that goes on.
    """
    values = {"job_ids": list(job_ids), "task_ids": list(task_ids)}
    shared = session.execute(_SHARED, values).scalars().all()
    if not shared:
        return {}
    rows = session.execute(_LEAVE, values | {"job_ids": list(shared)}).all()
    return {row.own_id: row.job_id for row in rows}


def _notes(stamps: Stamps) -> list[dict[str, Any]]:
    return [{"header": header, "value": value} for header, values in stamps.items() for value in values]
