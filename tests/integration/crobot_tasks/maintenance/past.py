"""Jobs as they are long after their end, moved to the past jobs or not yet."""

from __future__ import annotations

from db.crobot import JobState, past
from db.engine import transaction
from tests.processes import query, value, wait_for

_TABLES = {"jobs": "id", "attempts": "job_id", "settlements": "job_id"}


def age(job_id: int, days: int) -> None:
    """Let a job have been sent, and ended, so many days earlier."""
    query(
        """UPDATE crobot.jobs SET sent_at = sent_at - make_interval(days => :days),
                  finished_at = finished_at - make_interval(days => :days) WHERE id = :id RETURNING 1""",
        id=job_id,
        days=days,
    )


def move(*job_ids: int) -> None:
    """Move these jobs, as a prune does with those that ended long ago; waits until nothing is owed of them."""
    owed = "SELECT id FROM crobot.settlements WHERE job_id = ANY(:ids) AND settled_at IS NULL"
    wait_for("the results to be told", lambda: not query(owed, ids=list(job_ids)))
    folded = query("""INSERT INTO crobot.accounting AS a (id, folded_to) VALUES (1, now())
                      ON CONFLICT (id) DO UPDATE SET folded_to = now() RETURNING 1""")
    assert folded
    for job_id in job_ids:
        age(job_id, 400)
        state = JobState(value("SELECT state FROM crobot.jobs WHERE id = :id", id=job_id))
        with transaction() as session:
            assert past.move(session, state, 100, job_id - 1, job_id).moved.number == 1
        assert places(job_id) == ["past"]


def places(job_id: int) -> list[str]:
    """Where a job is; its attempts and settlements are there, too."""
    found = {where: _counts(job_id, suffix) for where, suffix in (("hot", ""), ("past", "_past"))}
    assert all(counts["jobs"] or not any(counts.values()) for counts in found.values()), found
    return [where for where, counts in found.items() if counts["jobs"]]


def _counts(job_id: int, suffix: str) -> dict[str, int]:
    return {
        table: int(value(f"SELECT count(*) FROM crobot.{table}{suffix} WHERE {key} = :id", id=job_id))
        for table, key in _TABLES.items()
    }


def forget() -> None:
    """Remove all jobs, those that have moved, too."""
    query("DELETE FROM crobot.past_answers RETURNING 1")
    for table in _TABLES:
        query(f"DELETE FROM crobot.{table}_past RETURNING 1")
    query("DELETE FROM crobot.jobs RETURNING 1")
