"""Who settles a result: one at a time, as long as it says so, and what follows is sent once."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from db.crobot import chords, messages, settlements
from db.engine import engine

AFTER_S = 30.0
_OWED = text("""
    WITH over AS (
        INSERT INTO crobot.jobs (pipeline, args, kwargs, context, request, cores, memory_bytes, disk_bytes,
            time_limit_s, expected_s, state)
        VALUES ('p', '[]', '{}', '{}', '{}', 1, 0, 0, 60, 1, 'COMPLETE') RETURNING id)
    INSERT INTO crobot.settlements (task_id, job_id, options) SELECT 'task', id, '{}' FROM over RETURNING id""")


@pytest.fixture
def session(tables: None) -> Iterator[Session]:
    """A transaction that nobody else sees, and that is undone."""
    with Session(engine()) as session:
        yield session
        session.rollback()


@pytest.fixture
def owed(session: Session) -> str:
    """The settlement of a job that is over."""
    return str(session.execute(_OWED).scalar_one())


def old(session: Session, owed: str) -> None:
    session.execute(
        text(
            "UPDATE crobot.settlements SET claimed_at = now() - interval '1 minute' WHERE id = CAST(:id AS uuid)"
        ),
        {"id": owed},
    )


def in_chord(session: Session, owed: str) -> str:
    """Let a chord of its own wait for it."""
    chord_id = str(uuid4())
    values = {"id": owed, "chord_id": chord_id}
    session.execute(
        text("UPDATE crobot.settlements SET chord_id = :chord_id WHERE id = CAST(:id AS uuid)"), values
    )
    return chord_id


def test_a_result_is_claimed_by_one(session: Session, owed: str) -> None:
    assert settlements.claim(session, owed, str(uuid4()), AFTER_S) is not None
    assert settlements.claim(session, owed, str(uuid4()), AFTER_S) is None


def test_a_claim_that_is_renewed_stays(session: Session, owed: str) -> None:
    by = str(uuid4())
    settlements.claim(session, owed, by, AFTER_S)
    old(session, owed)
    settlements.renew(session, [(owed, str(uuid4()))])
    settlements.renew(session, [(owed, by)])
    assert settlements.claim(session, owed, str(uuid4()), AFTER_S) is None


def test_who_lost_its_claim_sends_nothing(session: Session, owed: str) -> None:
    first, second = str(uuid4()), str(uuid4())
    settlements.claim(session, owed, first, AFTER_S)
    old(session, owed)
    assert settlements.claim(session, owed, second, AFTER_S) is not None
    assert settlements.end(session, owed, first) is None
    assert settlements.end(session, owed, second) is True
    assert settlements.end(session, owed, second) is None


def test_what_is_told_again_is_not_sent_again(session: Session, owed: str) -> None:
    by = str(uuid4())
    settlements.claim(session, owed, by, AFTER_S)
    assert settlements.end(session, owed, by) is True
    assert chords.owe_again(session, [in_chord(session, owed)]) == 1
    settlements.claim(session, owed, by, AFTER_S)
    assert settlements.end(session, owed, by) is False


def test_who_is_telling_a_store_that_has_just_forgotten_it_tells_it_again(
    session: Session, owed: str
) -> None:
    by = str(uuid4())
    chord_id = in_chord(session, owed)
    settlements.claim(session, owed, by, AFTER_S)
    assert chords.owe_again(session, [chord_id]) == 1
    assert settlements.end(session, owed, by) is None


def test_a_chord_is_answered_once_in_each_of_its_runs(session: Session) -> None:
    chord_id = str(uuid4())
    chords.keep(session, chord_id, 2)
    assert chords.answer(session, chord_id)
    assert not chords.answer(session, chord_id)
    chords.keep(session, chord_id, 2)
    assert chords.answer(session, chord_id)
    assert chords.answer(session, "one that was never noted")
    assert not chords.answer(session, "one that was never noted")


def test_a_call_is_begun_once(session: Session) -> None:
    call = {"id": str(uuid4()), "task_id": "a", "name": "b", "args": [], "kwargs": {}, "options": {}}
    messages.add(session, [call])
    assert [str(row.id) for row in messages.left_over(session, -1.0)] == [call["id"]]
    assert messages.begin(session, call["id"])
    assert not messages.begin(session, call["id"])
    messages.published(session, [call["id"]])
    assert not messages.left_over(session, -1.0)
