"""(e) Queries on the results that jobs owe: which are due, who settles them, and that what follows is sent once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.crobot import LIVE_SQL
from db.prepared import Prepared

#: what is told of a job `j` to whom the settlement `s` is owed
SETTLED_JOB = """
    s.task_id, s.job_id, j.state, j.result, j.message, j.traceback, j.pipeline, j.args, j.kwargs, j.request, j.node,
    j.finished_at, j.replacement, j.children, j.traceparent"""

_OWED = Prepared(f"""
    SELECT {SETTLED_JOB}, s.id, s.options, s.ignore_result
    FROM crobot.settlements s JOIN crobot.jobs j ON j.id = s.job_id
    WHERE s.job_id = ANY(:job_ids) AND s.settled_at IS NULL
    ORDER BY s.job_id, s.sent_at""")

# Nearly all that owe a result are live. What is left is looked up by its number, for which OFFSET 0 sees: jobs that are
# over are the rule, as PostgreSQL knows, but not here, and it would read all of them.
_OVERDUE = text(f"""
    SELECT {SETTLED_JOB}, s.id, s.options, s.ignore_result
    FROM (SELECT * FROM crobot.settlements o
          WHERE settled_at IS NULL AND (claimed_at IS NULL OR claimed_at < now() - make_interval(secs => :after_s))
            AND NOT EXISTS (SELECT FROM crobot.jobs live WHERE live.id = o.job_id AND live.{LIVE_SQL})
          OFFSET 0) s
    CROSS JOIN LATERAL (SELECT * FROM crobot.jobs WHERE id = s.job_id OFFSET 0) j
    WHERE j.finished_at < now() - make_interval(secs => :after_s)
    ORDER BY s.job_id LIMIT :limit""")

# The newest send of a task id answers for it. No job moves to the past ones within days, so a young send is the newest.
_OUTCOMES = Prepared(f"""
    SELECT {SETTLED_JOB}, s.sent_at > now() - interval '1 day' AS is_young
    FROM (SELECT DISTINCT ON (task_id) task_id, job_id, sent_at FROM crobot.settlements
          WHERE task_id = ANY(:task_ids) ORDER BY task_id, sent_at DESC) s
    JOIN crobot.jobs j ON j.id = s.job_id""")

# In two steps: the first looks into each partition, but of a table with two indexes. In the second the numbers stand as
# they are, so that PostgreSQL passes over the partitions of others before it plans.
_SENDS = text("""
    SELECT DISTINCT ON (task_id) task_id, job_id FROM crobot.all_settlements
    WHERE task_id = ANY(:task_ids) ORDER BY task_id, sent_at DESC""")
_OUTCOMES_OF_SENDS = text(f"""
    SELECT {SETTLED_JOB}
    FROM unnest(CAST(:task_ids AS text[]), CAST(:job_ids AS bigint[])) AS s(task_id, job_id)
    JOIN crobot.all_jobs j ON j.id = s.job_id
    WHERE j.id = ANY(CAST(:job_ids AS bigint[])) AND j.finished_at IS NOT NULL""")

# Its commit need not wait for the disk: if the note is lost with the server, the results are told once more.
_SETTLED = Prepared(
    """
    UPDATE crobot.settlements s SET settled_at = now()
    FROM set_config('synchronous_commit', 'off', true), unnest(CAST(:ids AS uuid[])) AS told(id)
    WHERE s.id = told.id AND s.settled_at IS NULL""",
    types={"ids": "text[]"},
)

_ID_OF_TASK = text("""
    SELECT id FROM crobot.settlements WHERE task_id = :task_id AND settled_at IS NULL ORDER BY sent_at DESC LIMIT 1""")

# A row that is locked is just being settled: nobody waits for it.
_CLAIM = text(f"""
    WITH due AS (
        SELECT id, claimed_at IS NOT NULL AS again FROM crobot.settlements
        WHERE id = CAST(:id AS uuid) AND settled_at IS NULL
          AND (claimed_at IS NULL OR claimed_at < now() - make_interval(secs => :after_s))
        FOR UPDATE SKIP LOCKED)
    UPDATE crobot.settlements s SET claimed_at = now(), claimed_by = CAST(:by AS uuid)
    FROM due JOIN crobot.jobs j ON true
    WHERE s.id = due.id AND j.id = s.job_id
    RETURNING {SETTLED_JOB}, s.id, s.options, s.ignore_result, s.chord_id,
              (SELECT size FROM crobot.chords c WHERE c.id = s.chord_id AND c.grown) AS grown_to,
              (SELECT size FROM crobot.chords c
               WHERE c.id = s.chord_id AND due.again AND c.answered_at IS NULL) AS unanswered_size""")

_RENEW = text("""
    WITH held AS (
        SELECT id FROM crobot.settlements
        WHERE claimed_by = ANY(CAST(:by AS uuid[])) AND id = ANY(CAST(:ids AS uuid[])) AND settled_at IS NULL
        ORDER BY id FOR UPDATE SKIP LOCKED)
    UPDATE crobot.settlements s SET claimed_at = now() FROM held WHERE s.id = held.id""")

_END = text("""
    WITH held AS (
        SELECT id, continued_at FROM crobot.settlements
        WHERE id = CAST(:id AS uuid) AND claimed_by = CAST(:by AS uuid) AND settled_at IS NULL FOR UPDATE)
    UPDATE crobot.settlements s SET settled_at = now(), continued_at = COALESCE(s.continued_at, now())
    FROM held WHERE s.id = held.id
    RETURNING held.continued_at IS NULL""")


def owed(session: Session, job_ids: Sequence[int]) -> Sequence[Any]:
    """Return the results that these jobs still owe."""
    return _OWED.rows(session, {"job_ids": list(job_ids)})


def overdue(session: Session, after_s: float, limit: int = 500) -> Sequence[Row[Any]]:
    """Return results that should have been settled ``after_s`` seconds ago: a head died after its commit."""
    return session.execute(_OVERDUE, {"after_s": after_s, "limit": limit}).all()


def outcomes(session: Session, task_ids: Sequence[str]) -> Sequence[Any]:
    """Say how the jobs ended that were last sent with these task ids; those that have not ended are left out."""
    young = [row for row in _OUTCOMES.rows(session, {"task_ids": list(task_ids)}) if row.is_young]
    others = set(task_ids) - {row.task_id for row in young}
    ended = [row for row in young if row.finished_at is not None]
    return [*ended, *_outcomes_of_old(session, sorted(others))] if others else ended


def _outcomes_of_old(session: Session, task_ids: Sequence[str]) -> Sequence[Any]:
    """Do the same for those whose last send may be a past one."""
    sends = session.execute(_SENDS, {"task_ids": list(task_ids)}).all()
    if not sends:
        return []
    values = {"task_ids": [row.task_id for row in sends], "job_ids": [row.job_id for row in sends]}
    return session.execute(_OUTCOMES_OF_SENDS, values).all()


def settled(session: Session, ids: Sequence[str]) -> None:
    """Note that these results are told, and that nothing hangs on them, in a transaction of the note's own."""
    _SETTLED.rows(session, {"ids": [str(one) for one in ids]})


def id_of_task(session: Session, task_id: str) -> str | None:
    """Return the newest settlement of a task id that is not settled; older heads name it by that."""
    found = session.execute(_ID_OF_TASK, {"task_id": task_id}).scalar()
    return None if found is None else str(found)


def claim(session: Session, settlement_id: str, by: str, after_s: float) -> Row[Any] | None:
    """Become the only one to settle; none if it is done, or somebody is at it who said so within ``after_s``."""
    values = {"id": settlement_id, "by": by, "after_s": after_s}
    return session.execute(_CLAIM, values).one_or_none()


def renew(session: Session, claims: Iterable[tuple[str, str]]) -> None:
    """Say that these settlements (its id, by whom it was claimed) are still under way."""
    ids, by = zip(*claims, strict=True)
    session.execute(_RENEW, {"ids": list(ids), "by": list(by)})


def end(session: Session, settlement_id: str, by: str) -> bool | None:
    """Settle for good, if it is still this one's to settle.

    Returns:
        True if what follows is to be sent in this transaction, false if that was done before; None if it is not, or no
        longer, this one's: nothing may be sent.
    """
    found: bool | None = session.execute(_END, {"id": settlement_id, "by": by}).scalar()
    return found
