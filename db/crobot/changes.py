"""Queries of changes that operators make on their pages: begun once for each form, noted slice by slice, listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

# Two copies of one form: the second waits here until the first is committed, and then finds it.
_BEGIN = text("""
    INSERT INTO crobot.changes (operator, address, action, about, detail, form, asked_jobs, changed_jobs, moved_at)
    VALUES (:operator, :address, :action, :about, :detail, :form, :asked_jobs, 0 * CAST(:asked_jobs AS int), now())
    ON CONFLICT (form) WHERE form IS NOT NULL DO NOTHING RETURNING id""")

_OF_FORM = text("SELECT id FROM crobot.changes WHERE form = :form")

_NOTE_PART = text("""
    WITH whole AS (
        UPDATE crobot.changes
        SET changed_jobs = changed_jobs + cardinality(CAST(:job_ids AS bigint[])), moved_at = now()
        WHERE id = :change_id RETURNING id, operator, address, action)
    INSERT INTO crobot.changes (operator, address, action, part_of, job_ids)
    SELECT operator, address, action, id, :job_ids FROM whole""")

_DONE_BEFORE = text("""
    SELECT unnest(job_ids) FROM crobot.changes
    WHERE part_of = :change_id AND job_ids && CAST(:job_ids AS bigint[])""")

_END = text("""
    UPDATE crobot.changes SET ended_at = now(), detail = concat_ws('; ', NULLIF(detail, ''), NULLIF(:detail, ''))
    WHERE id = :change_id AND ended_at IS NULL""")

_TOLD = """
    SELECT c.*, t.name AS token_name, EXTRACT(epoch FROM now() - c.moved_at) AS still_s,
           COALESCE(c.changed_jobs, NULLIF(cardinality(c.job_ids), 0)) AS jobs
    FROM crobot.changes c LEFT JOIN crobot.api_tokens t ON t.id = c.token_id"""
_FIND = text(f"{_TOLD} WHERE c.id = :change_id AND c.part_of IS NULL")
_LIST = text(f"""
    {_TOLD}
    WHERE c.part_of IS NULL
      AND (CAST(:operator AS text) IS NULL OR c.operator = :operator)
      AND (CAST(:user_id AS int) IS NULL OR c.user_id = CAST(:user_id AS int))
      AND (CAST(:action AS text) IS NULL OR c.action = :action)
      AND (CAST(:before AS bigint) IS NULL OR c.id < :before)
    ORDER BY c.id DESC LIMIT :limit""")

# The index on the arrays finds both: what was noted at once, and the slices of what was not.
_IDS_OF_JOB = text("""
    SELECT COALESCE(part_of, id) FROM crobot.changes WHERE job_ids @> ARRAY[CAST(:job_id AS bigint)]""")
_THESE = text(f"{_TOLD} WHERE c.id = ANY(:ids) ORDER BY c.id DESC LIMIT :limit")
_JOBS_OF = text("""
    SELECT unnest(job_ids) AS job_id FROM (
        SELECT job_ids FROM crobot.changes WHERE id = :change_id
        UNION ALL SELECT job_ids FROM crobot.changes WHERE part_of = :change_id) noted LIMIT :limit""")

_OPERATORS = text("""
    WITH RECURSIVE one AS (
        (SELECT operator FROM crobot.changes WHERE part_of IS NULL AND operator > '' ORDER BY operator LIMIT 1)
        UNION ALL
        SELECT (SELECT c.operator FROM crobot.changes c
                WHERE c.part_of IS NULL AND c.operator > one.operator ORDER BY c.operator LIMIT 1)
        FROM one WHERE one.operator IS NOT NULL)
    SELECT operator FROM one WHERE operator IS NOT NULL LIMIT :limit""")


@dataclass(frozen=True)
class Begun:
    """What is known of a change when it begins."""

    operator: str
    address: str
    action: str
    form: str
    about: str = ""
    detail: str = ""
    #: None: it is not about many jobs
    asked_jobs: int | None = None


def begin(session: Session, begun: Begun) -> int | None:
    """Note a change that begins; its number, or None if the form was sent before."""
    return session.execute(_BEGIN, asdict(begun)).scalar()


def of_form(session: Session, form: str) -> int:
    """The number of the change that a form has asked for."""
    return int(session.execute(_OF_FORM, {"form": form}).scalar_one())


def note_part(session: Session, change_id: int, job_ids: Sequence[int]) -> None:
    """Note that a slice of a change is done: these jobs were changed."""
    session.execute(_NOTE_PART, {"change_id": change_id, "job_ids": list(job_ids)})


def done_before(session: Session, change_id: int, job_ids: Sequence[int]) -> set[int]:
    """Those of the jobs that slices of a change have changed, and others of these slices."""
    return set(session.execute(_DONE_BEFORE, {"change_id": change_id, "job_ids": list(job_ids)}).scalars())


def end(session: Session, change_id: int, detail: str = "") -> None:
    """Note that nothing is left to do of a change, and what came of it."""
    session.execute(_END, {"change_id": change_id, "detail": detail})


def find(session: Session, change_id: int) -> Row[Any] | None:
    """A change as a whole, with ``jobs`` that it has changed, and ``still_s``, seconds since the last slice."""
    return session.execute(_FIND, {"change_id": change_id}).one_or_none()


def listing(
    session: Session,
    *,
    operator: str | None = None,
    user_id: int | None = None,
    action: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Row[Any]]:
    """Changes, the newest first; ``before`` is the number to page on from."""
    asked = {"operator": operator, "user_id": user_id, "action": action, "before": before, "limit": limit}
    return session.execute(_LIST, asked).all()


def of_job(session: Session, job_id: int, limit: int = 20) -> Sequence[Row[Any]]:
    """The changes that a job was part of, the newest first."""
    # by itself: nobody can tell beforehand how few they are, and a join would be planned for many
    ids = list(session.execute(_IDS_OF_JOB, {"job_id": job_id}).scalars())
    return session.execute(_THESE, {"ids": ids, "limit": limit}).all()


def jobs_of(session: Session, change_id: int, limit: int) -> list[int]:
    """Some of the jobs that a change was about."""
    return list(session.execute(_JOBS_OF, {"change_id": change_id, "limit": limit}).scalars())


def operators(session: Session, limit: int = 100) -> list[str]:
    """Who has made changes on pages."""
    return list(session.execute(_OPERATORS, {"limit": limit}).scalars())
