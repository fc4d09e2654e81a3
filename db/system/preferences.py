"""Analyses: each is a row of ``system.user_preferences``, and every change of its state is one of these statements.

``data`` is read by the web app. Its booleans are the text "true", and a state that does not hold has no key:
``complete``, or ``failed`` beside ``error``, the cause in one line. ``job_id`` is the latest job.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from crobot_errors import UnknownAnalysis
from db.system import UserPreference

STATES = ("complete", "failed", "error")

_RESERVE = text("SELECT nextval(pg_get_serial_sequence('system.user_preferences', 'id'))")

_ADD = text("""
    INSERT INTO system.user_preferences (id, user_id, database, type, name, data)
    VALUES (:id, :user_id, :database, :type, :name,
            CAST(:data AS jsonb) || jsonb_build_object('date_created', now(), 'date_modified', now()))
    ON CONFLICT (id) DO NOTHING""")

_NOTE = """
    UPDATE system.user_preferences
    SET data = (data - CAST(:gone AS text[])) || CAST(:data AS jsonb) || jsonb_build_object('date_modified', now())
    WHERE id = :id"""
_NOTE_ALWAYS = text(_NOTE)
#: what ends after another job was sent for the same analysis says nothing any more
_NOTE_OF_JOB = text(_NOTE + " AND CAST(data ->> 'job_id' AS bigint) = :job_id")

_REMOVE_UNSENT = text("DELETE FROM system.user_preferences WHERE id = :id AND NOT data ? 'job_id'")

_EXISTING = text("SELECT id FROM system.user_preferences WHERE id = ANY(:ids)")


def reserve(session: Session) -> int:
    """Return the id of an analysis to be, so that its files can be written before its row."""
    return int(session.execute(_RESERVE).scalar_one())


def add(
    session: Session,
    analysis_id: int,
    *,
    user_id: int,
    database: str,
    type: str,  # noqa: A002 (the column's name)
    name: str,
    data: Mapping[str, Any],
) -> None:
    """Store an analysis; one that is there already stays as it is."""
    values = {"id": analysis_id, "user_id": user_id, "database": database, "type": type, "name": name}
    session.execute(
        _ADD.bindparams(bindparam("data", type_=UserPreference.data.type)), values | {"data": dict(data)}
    )


def sent(session: Session, analysis_id: int, job_id: int, results: Collection[str] = ()) -> None:
    """A job was sent for it: no failure of an earlier one stands any more, nor do its ``results``."""
    _note(session, analysis_id, {"job_id": job_id}, [*STATES, *results])


def not_sent(session: Session, analysis_id: int, error: str) -> None:
    """No job could be sent for it."""
    _note(session, analysis_id, {"failed": "true", "error": error}, ["complete"])


def completed(session: Session, analysis_id: int, job_id: int, results: Mapping[str, Any]) -> None:
    """Its job came back with a result."""
    _note(session, analysis_id, {"complete": "true", **results}, STATES, job_id)


def failed(session: Session, analysis_id: int, job_id: int, error: str) -> None:
    """Its job came back failed, or nobody wants it any more."""
    _note(session, analysis_id, {"failed": "true", "error": error}, ["complete"], job_id)


def remove_unsent(session: Session, analysis_id: int) -> None:
    """Remove an analysis for which no job was ever sent."""
    session.execute(_REMOVE_UNSENT, {"id": analysis_id})


def complete_by(session: Session, analysis_id: int, job_id: int) -> dict[str, Any] | None:
    """Return what an analysis holds if it is complete by this job."""
    found = session.get(UserPreference, analysis_id)
    is_it = found is not None and "complete" in found.data and found.data.get("job_id") == job_id
    return found.data if found is not None and is_it else None


def find_analysis(session: Session, analysis_id: int) -> UserPreference:
    """Return an analysis by its id.

    Raises:
        UnknownAnalysis: there is none.
    """
    found = session.get(UserPreference, analysis_id)
    if found is None:
        raise UnknownAnalysis(f"there is no analysis {analysis_id}; `crobot analysis list` lists them")
    return found


def existing(session: Session, ids: Sequence[int]) -> set[int]:
    """Return those of these analyses, or other rows, that are there."""
    return set(session.execute(_EXISTING, {"ids": list(ids)}).scalars())


def locked(session: Session, analysis_id: int) -> UserPreference:
    """Return an analysis as it is now; nobody else changes it until the transaction ends.

    Raises:
        UnknownAnalysis: there is none.
    """
    find_analysis(session, analysis_id)
    statement = select(UserPreference).where(UserPreference.id == analysis_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one()


def list_analyses(
    session: Session,
    types: Collection[str],
    *,
    user_id: int | None = None,
    database: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[UserPreference]:
    """Return the latest analyses of these types, the newest first; with ``before`` only those of smaller numbers."""
    wanted = select(UserPreference).where(UserPreference.type.in_(types))
    if user_id is not None:
        wanted = wanted.where(UserPreference.user_id == user_id)
    if database is not None:
        wanted = wanted.where(UserPreference.database == database)
    if before is not None:
        wanted = wanted.where(UserPreference.id < before)
    return session.scalars(wanted.order_by(UserPreference.id.desc()).limit(limit)).all()


def _note(
    session: Session,
    analysis_id: int,
    data: Mapping[str, Any],
    gone: Collection[str],
    job_id: int | None = None,
) -> None:
    statement = _NOTE_ALWAYS if job_id is None else _NOTE_OF_JOB
    values = {"id": analysis_id, "data": dict(data), "gone": list(gone)}
    if job_id is not None:
        values["job_id"] = job_id
    session.execute(statement.bindparams(bindparam("data", type_=UserPreference.data.type)), values)
