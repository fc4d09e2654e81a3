"""What a dispatch reads: lines, the first jobs of each, what waits behind larger ones; and what ended jobs cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from db.crobot import accounting, dispatching
from db.crobot.dispatching import Line
from db.engine import engine

GIB = 1024**3
DAY_S = 86400.0
_JOB = text("""
    INSERT INTO crobot.jobs (pipeline, version, priority, workgroup, user_id, database, args, kwargs, request, context,
                             cores, memory_bytes, disk_bytes, time_limit_s, expected_s, held_at, available_at,
                             expires_at, state)
    VALUES (:pipeline, '1', :priority, :workgroup, :user_id, :database, '[]', '{}', '{}', '{}',
            :cores, :memory_bytes, 0, 60, 1, now() + CAST(:held AS interval), now() + CAST(:available AS interval),
            now() + CAST(:expires AS interval), :state)
    RETURNING id""")
_ATTEMPT = text("""
    INSERT INTO crobot.attempts (job_id, number, node, cores, memory_bytes, started_at, ended_at, outcome)
    VALUES (:job_id, :number, 'n', 2, 4 * 1024::bigint^3, now() - make_interval(secs => :ago_s + :ran_s),
            now() - make_interval(secs => :ago_s), :outcome)""")


@pytest.fixture
def session(tables: None) -> Iterator[Session]:
    """A transaction that nobody else sees, and that is undone."""
    with Session(engine()) as session:
        session.execute(text("DELETE FROM crobot.jobs"))
        session.execute(text("DELETE FROM crobot.shares"))
        session.execute(text("DELETE FROM crobot.typical"))
        yield session
        session.rollback()


def job(session: Session, **values: Any) -> int:
    defaults = {"pipeline": "p", "priority": 5, "workgroup": "", "user_id": 0, "database": None, "cores": 1,
                "memory_bytes": GIB, "held": None, "available": "0", "expires": None, "state": "WAITING"}  # fmt: skip
    return int(session.execute(_JOB, defaults | values).scalar_one())


def many(session: Session, number: int, **values: Any) -> None:
    """So many jobs that are alike."""
    like = job(session, **values)
    columns = "pipeline, version, priority, workgroup, user_id, database, args, kwargs, request, context"
    more = "cores, memory_bytes, disk_bytes, time_limit_s, expected_s, available_at, expires_at"
    session.execute(
        text(f"INSERT INTO crobot.jobs ({columns}, {more}) SELECT {columns}, {more} FROM crobot.jobs"
             " CROSS JOIN generate_series(2, :number) WHERE id = :like"), {"number": number, "like": like}
    )  # fmt: skip


def ended(session: Session, job_id: int, number: int = 1, **values: Any) -> None:
    defaults = {"number": number, "ago_s": 60.0, "ran_s": 10.0, "outcome": "ok"}
    session.execute(_ATTEMPT, defaults | values | {"job_id": job_id})


def line(**values: Any) -> Line:
    defaults = {"priority": 5, "workgroup": "", "user_id": 0, "pipeline": "p", "version": "1", "cores": 8,
                "memory_bytes": 8 * GIB, "disk_bytes": GIB}  # fmt: skip
    return Line(**defaults | values)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [('{"peak_memory_bytes": 1.2e9}', 1_200_000_000), ('{"peak_memory_bytes": 1e300}', 2**63 - 1),
     ('{"peak_memory_bytes": -5}', 0), ('{"peak_memory_bytes": "much"}', None), ('["odd"]', None), ('7', None)],
)  # fmt: skip
def test_whatever_was_stored_as_usage_the_accounting_goes_on(
    session: Session, usage: str, expected: int | None
) -> None:
    fold(session)
    session.execute(text("UPDATE crobot.accounting SET folded_to = now() - interval '1 hour'"))
    ended(session, job(session))
    session.execute(text("UPDATE crobot.attempts SET usage = CAST(:usage AS jsonb)"), {"usage": usage})
    fold(session)
    assert session.execute(text("SELECT peak_memory_bytes FROM crobot.typical")).scalar_one() == expected


def test_jobs_that_only_their_age_tells_apart_are_one_line(session: Session) -> None:
    for values in ({}, {}, {"user_id": 7}, {"priority": 0}, {"pipeline": "q"}, {"workgroup": "w"}, {"held": "0"},
                   {"user_id": 9, "held": "0"}, {"user_id": 8, "state": "RUNNING"}):  # fmt: skip
        job(session, **values)
    found = [(one.priority, one.workgroup, one.user_id, one.pipeline) for one in dispatching.lines(session)]
    assert found == [(0, "", 0, "p"), (5, "", 0, "p"), (5, "", 0, "q"), (5, "", 7, "p"), (5, "w", 0, "p")]


def test_of_each_line_the_first_that_may_start_are_read(session: Session) -> None:
    hindered = [{"cores": 9}, {"memory_bytes": 9 * GIB}, {"available": "1 hour"}, {"expires": "-1 second"},
                {"held": "0"}, {"state": "ROUTED"}]  # fmt: skip
    for values in hindered:
        job(session, **values)
    mine, other = [job(session) for _ in range(3)], job(session, user_id=7)
    rows = dispatching.waiting(session, [line(), line(user_id=7)], 2)
    assert sorted(row.id for row in rows) == sorted([*mine[:2], other])


def test_each_species_has_lines_of_its_own(session: Session) -> None:
    jobs = {name or "": job(session, database=name) for name in (None, "senterica", "ecoli")}
    assert {one.database for one in dispatching.lines(session)} == jobs.keys()
    for name, job_id in jobs.items():
        assert [row.id for row in dispatching.waiting(session, [line(database=name)], 9)] == [job_id]


@pytest.mark.parametrize(
    "hindered", [{"available": "1 hour"}, {"cores": 9}, {"expires": "-1 second"}], ids=str
)
def test_jobs_that_may_not_start_hide_no_other_however_many_they_are(
    session: Session, hindered: dict[str, Any]
) -> None:
    many(session, dispatching.LOOK + 1, **hindered)
    last = job(session)
    for read in (dispatching.waiting, dispatching.waiting_behind):
        assert [row.id for row in read(session, [line()], 2)] == [last]


def test_smaller_jobs_are_found_behind_larger_ones_of_their_line(session: Session) -> None:
    large = [job(session, cores=8) for _ in range(20)]
    small = [job(session) for _ in range(3)]
    assert sorted(row.id for row in dispatching.waiting(session, [line()], 2)) == large[:2]
    rows = dispatching.waiting_behind(session, [line()], 2)
    assert sorted(row.id for row in rows) == [*large[:2], *small[:2]]


def test_a_job_says_where_it_failed_and_how_often_it_was_lost(session: Session) -> None:
    job_id = job(session)
    session.execute(text("UPDATE crobot.jobs SET attempt = 3 WHERE id = :id"), {"id": job_id})
    for number, outcome in enumerate(("node_lost", "out_of_memory", "node_lost"), 1):
        ended(session, job_id, number, outcome=outcome)
    (row,) = dispatching.waiting(session, [line()], 9)
    assert (row.failed_on, row.deaths) == (["n"], 2)


def fold(session: Session, charge_gib: float = 0.0) -> None:
    accounting.fold(session, charge_gib, DAY_S)


def test_what_ended_is_charged_once_whether_it_is_folded_or_not(session: Session) -> None:
    session.execute(text("DELETE FROM crobot.accounting"))
    fold(session)
    session.execute(text("UPDATE crobot.accounting SET folded_to = now() - interval '1 hour'"))
    for ago_s in (60.0, 1.0):
        ended(session, job(session, workgroup="w", user_id=7, state="COMPLETE"), ago_s=ago_s)
    # two cores for ten seconds, and four GiB at a quarter of a core each
    expected = {("w", 7): pytest.approx(2 * (2 + 4 * 0.25) * 10)}
    assert accounting.used(session, 0.25, DAY_S) == expected
    for _ in range(3):
        fold(session, 0.25)
        assert accounting.used(session, 0.25, DAY_S) == expected


def test_half_of_what_was_used_is_forgotten_with_each_half_life(session: Session) -> None:
    session.execute(text("INSERT INTO crobot.shares VALUES ('w', 7, 800, now() - interval '3 days')"))
    assert accounting.used(session, 0.0, DAY_S) == {("w", 7): pytest.approx(100)}


def test_typical_times_are_medians_that_follow_what_is_seen(session: Session) -> None:
    session.execute(text("DELETE FROM crobot.accounting"))
    fold(session)
    for seconds in (10.0, 20.0, 600.0):
        session.execute(text("UPDATE crobot.accounting SET folded_to = now() - interval '1 hour'"))
        session.execute(text("DELETE FROM crobot.attempts"))
        for _ in range(5):
            ended(session, job(session, state="COMPLETE"), ran_s=seconds)
        fold(session)
    found = session.execute(text("SELECT samples, run_s FROM crobot.typical WHERE pipeline = 'p'")).one()
    assert found.samples == 15
    assert found.run_s == pytest.approx((10 + 20) / 2 * 2 / 3 + 600 / 3)


# --- reservations -----------------------------------------------------------------------------------------------------


def kept(session: Session) -> dict[int, tuple[str, float]]:
    return {row.id: (row.reserved_on, row.delayed_s) for row in dispatching.reserved(session)}


def reservation(job_id: int, node: str, delayed_s: float) -> dict[str, Any]:
    return {"job_id": job_id, "node": node, "starts_at": 1.0, "delayed_s": delayed_s}


def test_what_a_reservation_has_cost_is_kept_from_one_dispatch_to_the_next(session: Session) -> None:
    first, second = job(session), job(session)
    both = [reservation(first, "a", 0.0), reservation(second, "b", 2.5)]
    dispatching.reserve(session, [first, second], both)
    assert kept(session) == {first: ("a", 0.0), second: ("b", 2.5)}
    dispatching.reserve(session, [first, second], [reservation(first, "a", 7.25)])
    assert kept(session) == {first: ("a", 7.25)}
    assert dispatching.seen(session, [second])[0].delayed_s == 2.5
    dispatching.reserve(session, [second], [reservation(second, "c", 3.5)])
    assert kept(session) == {first: ("a", 7.25), second: ("c", 3.5)}


def test_with_each_attempt_the_account_begins_anew(session: Session) -> None:
    job_id = job(session)
    dispatching.reserve(session, [job_id], [reservation(job_id, "a", 7.25)])
    assert dispatching.seen(session, [job_id])[0].delayed_s == 7.25
    dispatching.route(session, [{"job_id": job_id, "node": "a", "reason": ""}])
    assert dispatching.seen(session, [job_id])[0].delayed_s == 0.0
