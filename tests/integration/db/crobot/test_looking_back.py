"""A page of jobs ends early where several conditions together match almost nothing, and goes on from there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from db.crobot import counting, jobs, looking_back, moments
from db.crobot.looking_back import Found
from db.crobot.selection import Selection
from db.engine import transaction
from tests.processes import query

#: jobs of one kind, of which the first is somebody's
MANY = 200
SOMEBODY = 4711
RARE = Selection(user_id=SOMEBODY, pipeline="back")

_JOBS = """
    INSERT INTO crobot.jobs (pipeline, state, user_id, args, kwargs, request, context, cores, memory_bytes, disk_bytes,
        time_limit_s, expected_s, finished_at)
    SELECT 'back', 'COMPLETE', CASE WHEN n = 1 THEN :user ELSE 1 END, '[]', '{}', '{}', '{}', 1, 0, 0, 1, 1, now()
    FROM generate_series(1, :many) n RETURNING id"""


@pytest.fixture
def ids(monkeypatch: pytest.MonkeyPatch, two_species: None) -> Iterator[list[int]]:
    """The jobs, and ranges of which there are several."""
    monkeypatch.setattr(moments, "FEW", MANY // 10)
    ids = sorted(row.id for row in query(_JOBS, many=MANY, user=SOMEBODY))
    yield ids
    query("DELETE FROM crobot.jobs WHERE id = ANY(:ids) RETURNING 1", ids=ids)


def query_in(session: Session, sql: str) -> object:
    return session.execute(text(sql)).scalar_one()


def look(before: int | None = None, limit: int = 50, selection: Selection = RARE) -> Found:
    with transaction() as session:
        return looking_back.listing(session, selection, before=before, limit=limit)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no time but for the first range."""
    monkeypatch.setattr(looking_back, "SECONDS", 0.0)
    monkeypatch.setattr(looking_back, "within", lambda session, seconds, work: None)


def test_with_time_enough_all_jobs_are_looked_at(ids: list[int]) -> None:
    found = look()
    assert [row.id for row in found.rows] == ids[:1]
    assert found.looked_to is None


@pytest.mark.usefixtures("hurried")
def test_without_time_it_says_how_far_it_looked_and_goes_on_from_there(ids: list[int]) -> None:
    looked: list[int | None] = [None]
    rows = []
    while not looked[1:] or looked[-1] is not None:
        found = look(looked[-1])
        rows += found.rows
        looked.append(found.looked_to)
    ends = [number for number in looked if number is not None]
    assert len(ends) >= 9
    assert all(first > second for first, second in pairwise(ends))
    assert [row.id for row in rows] == ids[:1]


@pytest.mark.usefixtures("hurried")
def test_a_page_that_is_full_is_never_cut(ids: list[int]) -> None:
    found = look(limit=7, selection=Selection(user_id=1, pipeline="back"))
    assert [row.id for row in found.rows] == ids[:-8:-1]
    assert found.looked_to is None


@pytest.mark.usefixtures("hurried")
def test_one_condition_alone_has_an_index_and_all_the_time_it_takes(ids: list[int]) -> None:
    found = look(selection=Selection(user_id=SOMEBODY))
    assert [row.id for row in found.rows] == ids[:1]
    assert found.looked_to is None


def test_what_takes_longer_than_it_may_is_given_up_and_the_transaction_goes_on(ids: list[int]) -> None:
    with transaction() as session:
        slept = looking_back.within(session, 0.05, lambda: query_in(session, "SELECT pg_sleep(5)"))
        timeout = query_in(session, "SHOW statement_timeout")
        assert slept is None
        assert timeout == "0"
        assert jobs.states(session, ids[:1])


def test_what_cannot_be_counted_in_time_is_estimated(ids: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "within", lambda session, seconds, work: None)
    with transaction() as session:
        combined, alone = counting.counts(session, RARE), counting.counts(session, Selection(pipeline="back"))
    assert combined.estimated
    assert alone.total() == MANY
    assert not alone.estimated
