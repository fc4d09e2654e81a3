"""How many jobs there are, also right after a bulk insert or a restore, when PostgreSQL has no statistics yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from db.crobot import JobState, counting
from db.crobot.counting import EXACT
from db.crobot.selection import Selection
from db.engine import engine, transaction

MANY, FEW = EXACT + 9000, 40
_JOBS = text("""
    INSERT INTO crobot.jobs (pipeline, args, kwargs, request, context, cores, memory_bytes, disk_bytes, time_limit_s,
                             expected_s, state)
    SELECT 'probe', '[]', '{}', '{}', '{}', 1, 1, 1, 1, 1,
           CASE WHEN n <= :few THEN 'FAILED' WHEN n <= 2 * :few THEN 'WAITING' ELSE 'COMPLETE' END
    FROM generate_series(1, :many + 2 * :few) n""")


def alone(statement: str) -> None:
    with engine().execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(statement))


@pytest.fixture(scope="module")
def many_jobs(two_species: None) -> Iterator[None]:
    alone("ALTER TABLE crobot.jobs SET (autovacuum_enabled = false)")
    with transaction() as session:
        session.execute(_JOBS, {"many": MANY, "few": FEW})
    yield
    alone("TRUNCATE crobot.jobs CASCADE")


def test_many_are_estimated_and_few_are_counted_with_and_without_statistics(many_jobs: None) -> None:
    with transaction() as session:
        found = counting.counts(session)
        assert (found[JobState.FAILED], found[JobState.WAITING], found[JobState.CANCELLED]) == (FEW, FEW, 0)
        # nobody knows better yet, and no more are looked at
        assert (found[JobState.COMPLETE], found.estimated) == (EXACT + 1, {JobState.COMPLETE})
        assert counting.counts(session, Selection(pipeline="none")).total() == 0
        # what is asked for after that is planned as ever
        assert session.execute(text("SHOW enable_bitmapscan")).scalar_one() == "on"
    alone("ANALYZE crobot.jobs")
    with transaction() as session:
        found = counting.counts(session)
        assert found[JobState.FAILED] == FEW
        assert found[JobState.COMPLETE] == pytest.approx(MANY, rel=0.1)
        assert found.estimated == {JobState.COMPLETE}
