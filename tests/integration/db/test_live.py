"""What streams of events ask: a position covers what was seen, and nothing that is committed later is behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db import engine
from db.crobot import live

pytestmark = pytest.mark.usefixtures("two_species")

_JOB = """
    INSERT INTO crobot.jobs (pipeline, args, kwargs, request, context, cores, memory_bytes, disk_bytes, time_limit_s,
                             expected_s)
    VALUES ('probe', '[]', '{}', '{}', '{}', 1, 1, 0, 60, 1) RETURNING id"""
_TOUCH = text("UPDATE crobot.jobs SET priority = 1 WHERE id = :id")


@contextmanager
def other() -> Iterator[Session]:
    """A transaction of somebody else."""
    with Session(engine.engine()) as session:
        yield session


def add() -> int:
    with engine.transaction() as session:
        return int(session.execute(text(_JOB)).scalar_one())


def look(since: int) -> tuple[int, set[int]]:
    """The position now, and which jobs have changed since another."""
    with other() as session:
        live.begin(session, 5000)
        now = live.position(session)
        return now.seen_to, {row.id for row in live.changed(session, since, now.up_to, 100)}


def test_each_change_is_found_once_it_is_committed_also_after_later_ones() -> None:
    first, second = add(), add()
    position, _ = look(0)
    assert look(position)[1] == set()
    with other() as slow:
        slow.execute(_TOUCH, {"id": first})
        with other() as quick:
            quick.execute(_TOUCH, {"id": second})
            quick.commit()
        held_back, found = look(position)
        assert found == {second}
        slow.commit()
    after, found = look(held_back)
    assert found == {first, second}, "the position had not passed the open transaction"
    assert look(after)[1] == set()


def test_rows_from_a_backup_with_numbers_to_come_are_not_told() -> None:
    job_id = add()
    position, _ = look(0)
    with other() as session:
        session.execute(text("ALTER TABLE crobot.jobs DISABLE TRIGGER jobs_changed_in"))
        session.execute(
            text("UPDATE crobot.jobs SET changed_in = :number WHERE id = :id"),
            {"number": position + 10**6, "id": job_id},
        )
        session.execute(text("ALTER TABLE crobot.jobs ENABLE TRIGGER jobs_changed_in"))
        session.commit()
    assert look(position)[1] == set()


def test_a_look_only_reads_sees_one_moment_and_has_a_limit() -> None:
    job_id = add()
    with other() as session:
        live.begin(session, 200)
        before = live.jobs(session, [job_id])
        with other() as writer:
            writer.execute(_TOUCH, {"id": job_id})
            writer.commit()
        assert live.jobs(session, [job_id]) == before
        with pytest.raises(DBAPIError, match="statement timeout"):
            session.execute(text("SELECT pg_sleep(100)"))
        session.rollback()
        live.begin(session, 5000)
        with pytest.raises(DBAPIError, match="read-only"):
            session.execute(_TOUCH, {"id": job_id})


def test_a_user_without_any_privilege_of_the_server_can_ask_for_the_position() -> None:
    with other() as session:
        session.execute(text("CREATE ROLE nobody_special"))
        session.execute(text("GRANT USAGE ON SCHEMA crobot TO nobody_special"))
        session.execute(text("SET LOCAL ROLE nobody_special"))
        assert len(live.position(session).history) == 8
        session.rollback()
