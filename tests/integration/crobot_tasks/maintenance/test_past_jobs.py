"""Jobs that ended long ago move to the past jobs, each whole and once, whoever is killed; the oldest are dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from crobot_errors import OutcomeKind
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.cancel import cancel
from crobot_tasks.lifecycle.finishing.report import Report
from crobot_tasks.maintenance.pruning.prune import Pruned, prune
from db import migrate
from db.base import CROBOT
from db.crobot import JobState, control, earlier, jobs, numbers, partitions, past
from db.engine import transaction
from db.migrations.trees import CORE
from tests.integration.crobot_tasks.maintenance.old_jobs import add_job
from tests.integration.crobot_tasks.maintenance.past import forget, move, places
from tests.processes import query, value

Policy = Callable[[str], None]


@pytest.fixture(autouse=True)
def alone(policy: Policy) -> Iterator[None]:
    """Nothing is left of the tests before, the policy says nothing, and heads have counted all that ended."""
    forget()
    query("DELETE FROM crobot.prunings RETURNING 1")
    query("""INSERT INTO crobot.accounting (id) VALUES (1)
             ON CONFLICT (id) DO UPDATE SET folded_to = now() RETURNING 1""")
    yield
    forget()


def old_job(state: str, days: int, **columns: object) -> int:
    """A job that was sent so many days ago, and ended at once, with a result that was told."""
    job_id = add_job(state, days, **columns)
    query("UPDATE crobot.jobs SET sent_at = finished_at WHERE id = :id RETURNING 1", id=job_id)
    settle(job_id)
    return job_id


def settle(job_id: int, settled: str = "now()", chord: str | None = None) -> None:
    query(
        f"""INSERT INTO crobot.settlements (task_id, job_id, settled_at, chord_id)
            VALUES (:task, :id, {settled}, :chord) RETURNING 1""",
        id=job_id,
        task=f"task {job_id}",
        chord=chord,
    )


def moved(**options: bool) -> dict[str, int]:
    return {one.kind: one.number for one in prune(**options) if one.kind.startswith("jobs_")}


def report(job_id: int, number: int = 1) -> Report:
    return Report(job_id, number, OutcomeKind.OK, None, {"outputs": {}}, node="calc01")


def test_each_state_has_an_age_of_its_own_and_live_jobs_stay() -> None:
    ages = {JobState.COMPLETE: 90, JobState.FAILED: 180, JobState.CANCELLED: 30}
    old = [old_job(state, days + 1) for state, days in ages.items()]
    waiting = add_job("WAITING", 4000)
    young = [old_job(state, days - 1) for state, days in reversed(ages.items())]
    said = moved(dry_run=True)
    assert said == {"jobs_complete": 1, "jobs_failed": 1, "jobs_cancelled": 1}
    assert [places(job) for job in old] == [["hot"]] * 3
    assert moved() == said
    assert [places(job) for job in old] == [["past"]] * 3
    assert [places(job) for job in (waiting, *young)] == [["hot"]] * 4
    assert set(moved().values()) == {0}


def test_a_kind_that_is_kept_stays_hot(policy: Policy) -> None:
    policy('[retention]\nkeep = ["jobs_complete"]')
    job = old_job("COMPLETE", 4000)
    assert moved()["jobs_complete"] == 0
    assert places(job) == ["hot"]


@pytest.mark.parametrize(
    "need",
    [
        "UPDATE crobot.settlements SET settled_at = NULL WHERE job_id = :id",
        """WITH chord AS (INSERT INTO crobot.chords (id, size) VALUES ('chord of ' || :id, 2))
           UPDATE crobot.settlements SET chord_id = 'chord of ' || :id WHERE job_id = :id""",
        "UPDATE crobot.accounting SET folded_to = now() - interval '5000 days' WHERE :id > 0",
        """INSERT INTO crobot.deliveries (kind, number, url, origin, body, due_at)
           VALUES ('job', :id, '', '', '{}', now() + interval '1 day')""",
    ],
    ids=["a result that nobody was told", "a chord without an answer", "not charged", "not posted"],
)
def test_a_job_that_something_live_needs_stays_and_does_not_stop_the_others(need: str) -> None:
    job, other = old_job("COMPLETE", 400), old_job("COMPLETE", 399)
    query(f"{need} RETURNING 1", id=job)
    if "accounting" in need:
        assert moved()["jobs_complete"] == 0
        assert places(other) == ["hot"]
    else:
        assert moved()["jobs_complete"] == 1
        assert places(other) == ["past"]
    assert places(job) == ["hot"]
    query("DELETE FROM crobot.deliveries RETURNING 1")
    query("DELETE FROM crobot.chords RETURNING 1")


def test_slices_go_on_where_the_one_before_ended() -> None:
    ids = [old_job("COMPLETE", 400 - number) for number in range(7)]
    with transaction() as session:
        first = past.move(session, JobState.COMPLETE, 90, 0, ids[-1], limit=3)
        assert (first.last, first.moved.number, first.moved.bytes > 100) == (ids[2], 3, True)
        second = past.move(session, JobState.COMPLETE, 90, ids[2], ids[-1], limit=10)
        assert (second.last, second.moved.number) == (ids[-1], 4)
        assert past.move(session, JobState.COMPLETE, 90, ids[-1], ids[-1]).last is None


def test_whoever_is_killed_in_a_slice_has_moved_nothing_of_it() -> None:
    ids = [old_job("COMPLETE", 400 - number) for number in range(5)]

    def killed() -> None:
        with transaction() as session:
            assert past.move(session, JobState.COMPLETE, 90, 0, ids[-1]).moved.number == 5
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(OperationalError):
        killed()
    assert [places(job) for job in ids] == [["hot"]] * 5
    assert moved()["jobs_complete"] == 5


def test_several_heads_at_once_move_each_job_once() -> None:
    ids = [old_job("COMPLETE", 900 - number % 7) for number in range(1200)]
    with ThreadPoolExecutor(3) as heads:
        done = [head.result() for head in [heads.submit(moved) for _ in range(3)]]
    assert sum(one["jobs_complete"] for one in done) == len(ids)
    assert value("SELECT count(*) FROM crobot.jobs") == 0
    assert value("SELECT count(DISTINCT id) FROM crobot.jobs_past") == len(ids)
    assert value("SELECT count(*) FROM crobot.attempts_past") == len(ids)


def test_a_job_that_somebody_has_in_hand_is_left_for_the_next_time() -> None:
    job, other = old_job("COMPLETE", 400), old_job("COMPLETE", 399)
    with transaction() as session, ThreadPoolExecutor(1) as head:
        jobs.lock(session, [job])
        assert head.submit(moved).result(60)["jobs_complete"] == 1
    assert (places(job), places(other)) == (["hot"], ["past"])


def test_a_late_report_is_ignored_and_counted_and_is_no_sign_of_an_old_database() -> None:
    job = old_job("FAILED", 400)
    move(job)
    with transaction() as session:
        before = [one.reports for one in numbers.restores(session)]
    assert not finish.apply([report(job)])
    [attempt] = query("SELECT * FROM crobot.all_attempts WHERE job_id = :id", id=job)
    assert (attempt.reports_ignored, attempt.outcome) == (1, None)
    with transaction() as session:
        assert [one.reports for one in numbers.restores(session)] == before
        assert jobs.find(session, job).state == "FAILED"


def test_a_late_cancel_and_a_late_hold_change_nothing() -> None:
    job = old_job("FAILED", 400)
    move(job)
    assert cancel(job) == JobState.FAILED
    with transaction() as session:
        assert control.hold(session, [job], "too late") == {}
        assert control.unknown_ids(session, [job, job + 1]) == [job + 1]
    assert places(job) == ["past"]


def test_what_failed_before_is_known_after_it_has_moved() -> None:
    job = old_job("FAILED", 400, type="MLST", database="senterica")
    query("UPDATE crobot.jobs SET tag = 'SAL_AA0001AA_AS' WHERE id = :id RETURNING 1", id=job)
    move(job)
    with transaction() as session:
        found = earlier.of_tags(session, "senterica", "MLST", ["SAL_AA0001AA_AS"])
        assert [(one.id, one.state) for one in found] == [(job, "FAILED")]


def test_a_past_job_answers_a_later_send_until_a_newer_one_does() -> None:
    def answer() -> tuple[int, dict[str, int]]:
        with transaction() as session:
            row = jobs.cached(session, ["the same"])["the same"]
            return row.id, row.context

    first, second = (
        old_job("COMPLETE", days, cache_key="the same", context=f'{{"days": {days}}}') for days in (400, 300)
    )
    move(second)
    assert answer() == (second, {"days": 300})
    move(first)  # the older one comes later
    assert answer() == (second, {"days": 300})
    third = old_job("COMPLETE", 1, cache_key="the same", context="{}")
    assert answer() == (third, {})


def test_past_jobs_are_dropped_by_partition_and_only_if_the_policy_says_so(policy: Policy) -> None:
    def of_past_jobs() -> Pruned:
        return next(one for one in prune() if one.kind == "past_jobs")

    old = old_job("COMPLETE", 800, cache_key="the same")
    number = old // partitions.SPAN
    beyond = (number + 1) * partitions.SPAN
    query("SELECT setval(pg_get_serial_sequence('crobot.jobs', 'id'), :beyond)", beyond=beyond)
    younger = old_job("COMPLETE", 700)
    assert (of_past_jobs().days, of_past_jobs().number) == (None, 0)
    assert places(old) == ["past"]
    policy("[retention]\npast_jobs_d = 900")
    assert of_past_jobs().number == 0
    policy("[retention]\npast_jobs_d = 400")
    assert of_past_jobs().number == 1
    assert places(old) == []
    assert places(younger) == ["past"]
    with transaction() as session:
        assert number not in partitions.numbers(session)
        assert jobs.cached(session, ["the same"]) == {}


def test_a_partition_with_one_young_job_stays(policy: Policy) -> None:
    policy("[retention]\npast_jobs_d = 400")
    old, younger = old_job("COMPLETE", 800), old_job("COMPLETE", 399)
    prune()
    assert (places(old), places(younger)) == (["past"], ["past"])


def test_who_goes_back_to_the_version_before_has_all_jobs_where_they_were() -> None:
    old = [old_job("COMPLETE", 400), old_job("FAILED", 400)]
    move(*old)
    with transaction() as session:
        command.downgrade(CORE.config(session.connection(), CROBOT), "0027")
    try:
        assert [row.id for row in query("SELECT id FROM crobot.jobs ORDER BY id")] == old
        for table in ("attempts", "settlements"):
            assert [row.job_id for row in query(f"SELECT job_id FROM crobot.{table} ORDER BY 1")] == old
    finally:
        migrate.upgrade()


def test_the_views_show_all_columns_of_the_tables() -> None:
    for table in ("jobs", "attempts", "settlements"):
        hot, past_, view = (
            [
                (row.column_name, row.data_type)
                for row in query(
                    """SELECT column_name, data_type FROM information_schema.columns
                       WHERE table_schema = 'crobot' AND table_name = :name ORDER BY ordinal_position""",
                    name=name,
                )
            ]
            for name in (table, f"{table}_past", f"all_{table}")
        )
        assert hot == past_ == view
