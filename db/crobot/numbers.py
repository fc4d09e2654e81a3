"""Queries on how far numbers have come: of jobs, and of dispatches, which are counted to tell an old database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

#: numbers that are left out after a restore: what was given last may have reached nobody who remembers
MARGIN = 10_000
#: after each restore, attempts begin at the next multiple of it: no job is tried so often between two restores
ATTEMPTS = 100
#: days for which people are told
TOLD_DAYS = 7

_REACHED = text("""
    SELECT COALESCE(n.dispatches, 0) AS dispatches, COALESCE(n.restores, 0) AS restores,
           CASE WHEN s.is_called THEN s.last_value ELSE 0 END AS jobs
    FROM crobot.jobs_id_seq s LEFT JOIN crobot.numbers n ON n.id = 1""")

_MOVE = text("""
    WITH moved AS (SELECT setval('crobot.jobs_id_seq', GREATEST(last_value, :jobs) + :margin) AS job_id
                   FROM crobot.jobs_id_seq)
    INSERT INTO crobot.numbers AS n (id, dispatches, restores, unsure_to, attempt_floor)
    SELECT 1, :dispatches + :margin, CAST(:restores AS smallint) + 1, job_id,
           LEAST((CAST(:restores AS integer) + 1) * :attempts, 9000) FROM moved
    ON CONFLICT (id) DO UPDATE
    SET dispatches = excluded.dispatches, restores = excluded.restores, unsure_to = excluded.unsure_to,
        attempt_floor = excluded.attempt_floor""")

_NOTE = text("""
    INSERT INTO crobot.restores (told_by, first_job, last_job, dispatches)
    VALUES (:told_by, :first_job, :last_job, :dispatches)""")

_RESTORES = text(f"""
    SELECT * FROM crobot.restores WHERE noticed_at > now() - interval '{TOLD_DAYS} days' ORDER BY id""")

_COUNT_REPORTS = text("""
    UPDATE crobot.restores SET reports = reports + :reports WHERE id = (SELECT max(id) FROM crobot.restores)""")


@dataclass(frozen=True)
class Reached:
    """How far numbers have come."""

    dispatches: int
    jobs: int
    restores: int

    def is_behind(self, other: Reached) -> bool:
        """Whether the other knows more."""
        return self.dispatches < other.dispatches or self.jobs < other.jobs


def reached(session: Session) -> Reached:
    """How far the database has come."""
    row = session.execute(_REACHED).one()
    return Reached(row.dispatches, row.jobs, row.restores)


def restore(session: Session, known: Reached, told_by: str) -> Row[Any]:
    """Move a database that is behind what is ``known`` beyond it, and note that it was; returns the note."""
    now = reached(session)
    values = {
        "jobs": max(now.jobs, known.jobs),
        "dispatches": max(now.dispatches, known.dispatches),
        "restores": max(now.restores, known.restores),
    }
    session.execute(_MOVE, values | {"margin": MARGIN, "attempts": ATTEMPTS})
    note = {
        "told_by": told_by,
        "first_job": now.jobs + 1,
        "last_job": known.jobs,
        "dispatches": max(known.dispatches - now.dispatches, 0),
    }
    session.execute(_NOTE, note)
    return restores(session)[-1]


def restores(session: Session) -> Sequence[Row[Any]]:
    """The times when the database was found to be behind, lately."""
    return session.execute(_RESTORES).all()


def count_reports(session: Session, reports: int) -> None:
    """Count reports on attempts that the database does not know."""
    session.execute(_COUNT_REPORTS, {"reports": reports})
