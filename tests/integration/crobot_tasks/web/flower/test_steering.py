"""Operators change jobs on the pages: one, some, or all that match, and exactly those that were counted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from sqlalchemy import text

from crobot_tasks.lifecycle.cancel import cancel_each
from db.engine import transaction
from tests.command import crobot, document
from tests.integration.crobot_tasks.web.events.conftest import Flower
from tests.integration.crobot_tasks.web.flower.conftest import Person, change, send
from tests.processes import Cluster, query, value, wait_for

STATES = "SELECT state, count(*) FROM crobot.jobs WHERE id = ANY(:ids) GROUP BY state"
RESENT = "SELECT count(*) FROM crobot.jobs WHERE context ->> 'resent_from' = :id"
LAST = "SELECT max(id) FROM crobot.changes WHERE part_of IS NULL"


def states(ids: list[int]) -> dict[str, int]:
    return dict(tuple(row) for row in query(STATES, ids=ids))


@contextmanager
def locked(job: int) -> Iterator[None]:
    """Somebody else has a job's row in hand."""
    began, free = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction() as session:
            session.execute(text("SELECT FROM crobot.jobs WHERE id = :id FOR UPDATE"), {"id": job})
            began.set()
            free.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    began.wait(60)
    try:
        yield
    finally:
        free.set()
        holder.join()


def at_once(*posts: threading.Thread) -> None:
    for one in posts:
        one.start()
    for one in posts:
        one.join()


def test_one_job_is_held_released_given_a_priority_cancelled_and_sent_again(
    cluster: Cluster, operator: Person
) -> None:
    (job,) = send(1)
    assert "hold: 1 of 1 jobs" in operator.do("hold", job, reason="not yet")
    assert "held: not yet" in operator.get(f"/jobs/{job}")
    assert f"{job}" in operator.get("/jobs?state=HELD")
    assert "release: 1 of 1 jobs" in operator.do("release", job)
    assert "priority: 1 of 1 jobs" in operator.do("priority", job, priority="0")
    assert value("SELECT priority FROM crobot.jobs WHERE id = :id", id=job) == 0
    assert "cancel: 1 of 1 jobs" in operator.do("cancel", job, reason="nobody wants it")
    assert "nobody wants it" in operator.get(f"/jobs/{job}")
    given = {"params": '{"value": "other"}', "priority": "7", "memory_gib": "0.5", "time_limit_h": "1"}
    assert "resend: 1 of 1 jobs" in operator.do("resend", job, **given)
    (new,) = query("SELECT * FROM crobot.jobs WHERE context ->> 'resent_from' = :id", id=str(job))
    assert (new.kwargs["params"], new.priority) == ({"value": "other"}, 7)
    assert (new.memory_bytes, new.time_limit_s) == (1024**3 // 2, 3600)
    crobot("wait", new.id, "--timeout", 60)


def test_a_job_that_runs_is_stopped(cluster: Cluster, operator: Person) -> None:
    job = int(document("send", "probe", "--sleep", 100)["job"])
    wait_for("the job to run", lambda: states([job]) == {"RUNNING": 1})
    assert "cancel: 1 of 1 jobs" in operator.do("cancel", job)
    wait_for("the job to end", lambda: states([job]) == {"CANCELLED": 1})


def test_all_that_match_are_those_that_were_counted_and_the_number_is_asked_back(
    cluster: Cluster, operator: Person
) -> None:
    batch = "<b>a & 'b'; --"
    jobs = send(120, batch=batch)
    page = f"/jobs/change?what=cancel&all=1&batch={quote(batch)}"
    assert "Cancel 120 jobs?" in operator.get(page)
    assert f"all jobs with batch {batch}" in operator.get(page)
    assert "<b>a" not in operator.page(page)
    form = operator.form(page)
    late = send(1, batch=batch)
    cancel_each(jobs[:3])
    assert "'12' was written as their number: write 120" in operator.post(form, 400, number="12")
    assert states(jobs) == {"WAITING": 117, "CANCELLED": 3}
    done = operator.post(form, number="120")
    assert "cancel: 117 of 120 jobs" in done
    assert "Over. 3 of them were not changed" in done
    assert "3 left as they were: not live any more" in done
    assert states(jobs) == {"CANCELLED": 120}
    assert states(late) == {"WAITING": 1}
    cancel_each(late)


def test_a_filter_that_matches_everything_is_said_to(cluster: Cluster, operator: Person) -> None:
    jobs = send(2)
    shown = operator.get("/jobs/change?what=hold&all=1")
    assert "No filter is set: these are all jobs that are live" in shown
    assert "Chosen: all jobs." in shown
    cancel_each(jobs)


def test_many_are_changed_in_slices_and_their_page_says_how_far_it_is(
    cluster: Cluster, operator: Person
) -> None:
    """Each species is a slice; the second one waits for somebody who has one of its jobs in hand."""
    jobs = send(6, batch="slices")
    query("UPDATE crobot.jobs SET database = 'nowhere' WHERE id = ANY(:ids) RETURNING id", ids=jobs[3:])
    form = operator.form("/jobs/change?what=cancel&all=1&batch=slices")
    with locked(jobs[-1]):
        began = operator.post(form)
        assert "cancel: 3 of 6 jobs" in began
        assert "Under way." in began
        # a copy of the form waits for nobody, and the other pages neither
        assert "This form was sent before" in operator.post(form)
        assert "cancel" in operator.get("/audit?who=operator")
    number = value(LAST)
    wait_for("the end", lambda: "Done." in operator.get(f"/audit/{number}"))
    assert "cancel: 6 of 6 jobs" in operator.get(f"/audit/{number}")
    assert states(jobs) == {"CANCELLED": 6}


def test_two_operators_who_act_on_the_same_jobs_each_learn_what_they_did(
    cluster: Cluster, operator: Person, ada: Person
) -> None:
    jobs = send(2)
    page, answers = change("cancel", *jobs), list[str]()
    posts = [
        threading.Thread(target=lambda who=who, form=form: answers.append(who.post(form)))
        for who, form in ((operator, operator.form(page)), (ada, ada.form(page)))
    ]
    at_once(*posts)
    assert sorted("cancel: 2 of 2 jobs" in answer for answer in answers) == [False, True]
    assert sum("2 left as they were: not live any more" in answer for answer in answers) == 1
    assert "None of them is live: there is nothing to do" in ada.get(page)


def test_a_page_that_is_sent_again_changes_nothing_twice(cluster: Cluster, operator: Person) -> None:
    (job,) = send(1)
    cancel_each([job])
    form = operator.form(change("resend", job))
    for again in (False, True, True):
        assert ("This form was sent before" in operator.post(form)) is again
        assert value(RESENT, id=str(job)) == 1
    copied = operator.form(change("resend", job))
    at_once(*(threading.Thread(target=operator.post, args=(copied,)) for _ in range(4)))
    assert value(RESENT, id=str(job)) == 2


def test_a_filter_leaves_out_what_was_sent_again_before_and_a_tick_does_not(
    cluster: Cluster, operator: Person
) -> None:
    jobs = send(3, batch="again")
    cancel_each(jobs)
    operator.do("resend", jobs[0])
    everything = "/jobs/change?what=resend&all=1&state=CANCELLED&batch=again"
    assert "Send again 2 jobs?" in operator.get(everything)
    assert "1 were sent again before and are left out" in operator.get(everything)
    assert "resend: 2 of 2 jobs" in operator.post(operator.form(everything))
    assert "there is nothing to do" in operator.get(everything)
    assert "Send again 3 jobs?" in operator.get(change("resend", *jobs))


def test_jobs_that_vanished_or_never_were_are_told_of(cluster: Cluster, operator: Person) -> None:
    jobs = send(2)
    assert "There is no job 999999999." in operator.get(change("hold", jobs[0], 999999999))
    form = operator.form(change("hold", *jobs))
    query("DELETE FROM crobot.settlements WHERE job_id = :id RETURNING job_id", id=jobs[1])
    query("DELETE FROM crobot.jobs WHERE id = :id RETURNING id", id=jobs[1])
    done = operator.post(form, reason="why not")
    assert "hold: 1 of 2 jobs" in done
    assert "1 left as they were: not live any more" in done
    cancel_each(jobs[:1])


def test_jobs_that_are_refused_are_named_and_the_others_go_on(cluster: Cluster, operator: Person) -> None:
    jobs = send(2)
    cancel_each(jobs)
    query("UPDATE crobot.jobs SET pipeline = 'gone' WHERE id = :id RETURNING id", id=jobs[0])
    done = operator.do("resend", *jobs, params='{"value": "v"}')
    query("UPDATE crobot.jobs SET pipeline = 'probe' WHERE id = :id RETURNING id", id=jobs[0])
    assert "resend: 1 of 2 jobs" in done
    assert f"job {jobs[0]}: " in done
    assert "'gone'" in done


@pytest.mark.parametrize(
    ("what", "wrong", "said"),
    [
        ("hold", {"reason": ""}, "hold jobs: say the reason"),
        ("hold", {"reason": "x" * 1001}, "the reason is longer than 1000 characters"),
        ("priority", {"priority": ""}, "say the priority"),
        ("priority", {"priority": "10"}, "priority '10' is not a whole number from 0 to 9"),
        ("priority", {"priority": "0; DROP TABLE jobs"}, "is not a whole number from 0 to 9"),
    ],
    ids=range(5),
)
def test_what_is_written_wrong_is_named_and_the_form_counts_still(
    cluster: Cluster, operator: Person, what: str, wrong: dict[str, str], said: str
) -> None:
    (job,) = send(1)
    form = operator.form(change(what, job))
    assert said in operator.post(form, 400, **wrong)
    right = {"hold": {"reason": "r"}, "priority": {"priority": "3"}}[what]
    assert "1 of 1 jobs" in operator.post(form, **right)
    cancel_each([job])


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/jobs/change?what=explode&job=1", "nothing is called 'explode': choose one of cancel"),
        ("/jobs/change?what=cancel", "no job was chosen"),
        ("/jobs/change?what=cancel&job=1x", "job '1x' is not a whole number"),
        ("/jobs/change?what=cancel&all=1&pipeline=prob", "prob"),
        ("/jobs/change?what=cancel&all=1&state=DONE", "there is no state 'DONE'"),
        ("/jobs?outcome=broken", "there is no kind of failure 'broken'"),
        ("/jobs?sent_from=yesterday", "the time 'yesterday' cannot be read"),
    ],
    ids=range(7),
)
def test_what_cannot_be_chosen_is_said(operator: Person, path: str, said: str) -> None:
    assert said in operator.get(path, 400)


def test_while_the_database_is_away_a_form_is_not_lost(
    cluster: Cluster, flower: Flower, operator: Person
) -> None:
    (job,) = send(1)
    form = operator.form(change("cancel", job))
    flower.database.go_away()
    try:
        assert "Send the form once more" in operator.post(form, 503)
    finally:
        flower.database.heal()
    assert "cancel: 1 of 1 jobs" in operator.post(form)
    assert states([job]) == {"CANCELLED": 1}


def test_a_change_goes_on_when_the_database_comes_back(
    cluster: Cluster, flower: Flower, operator: Person
) -> None:
    """It goes away when the first slice is done; the second waits until then."""
    jobs = send(2, batch="back")
    query("UPDATE crobot.jobs SET database = 'nowhere' WHERE id = :id RETURNING id", id=jobs[1])
    form = operator.form("/jobs/change?what=cancel&all=1&batch=back")
    with locked(jobs[1]):
        assert "Under way." in operator.post(form)
        flower.database.go_away()
        assert "This page cannot be shown" in operator.get("/audit", 503)
    assert states(jobs) == {"WAITING": 1, "CANCELLED": 1}
    flower.database.heal()
    number = value(LAST)
    wait_for("the end", lambda: "Done." in operator.get(f"/audit/{number}"))
    assert "cancel: 2 of 2 jobs" in operator.get(f"/audit/{number}")
    assert states(jobs) == {"CANCELLED": 2}


@pytest.mark.parametrize("stored", [True, False])
def test_a_slice_whose_commit_was_lost_on_the_way_is_done_and_counted_once(
    cluster: Cluster, flower: Flower, operator: Person, stored: bool
) -> None:
    jobs = send(3, batch=f"lost {stored}")
    flower.database.cut_commits("changed_jobs + cardinality", stored=stored)
    try:
        operator.do("priority", *jobs, priority="2")
        number = value(LAST)
        wait_for("the end", lambda: "Done." in operator.get(f"/audit/{number}"))
        assert flower.database.commits_to_cut == 0
    finally:
        flower.database.heal()
    assert "priority: 3 of 3 jobs" in operator.get(f"/audit/{number}")
    assert value("SELECT count(*) FROM crobot.changes WHERE part_of = :id", id=number) == 1
    assert value("SELECT min(priority) FROM crobot.jobs WHERE id = ANY(:ids)", ids=jobs) == 2
    cancel_each(jobs)


def test_of_a_cancelled_job_it_is_noted_that_nobody_wants_it_and_the_same_may_be_sent_again(
    cluster: Cluster, operator: Person
) -> None:
    (job,) = send(1, unique_key="the same")
    assert send(1, unique_key="the same") == [job]
    operator.do("cancel", job, reason="not now")
    wait_for("the end", lambda: states([job]) == {"CANCELLED": 1})
    (row,) = query("SELECT * FROM crobot.jobs WHERE id = :id", id=job)
    assert (row.state, row.message, row.unique_key) == ("CANCELLED", "not now", None)
    assert row.cancel_requested_at is not None
    (another,) = send(1, unique_key="the same")
    assert another > job
    cancel_each([another])


def test_filters_select_by_kind_of_failure_and_time_and_suggest_what_there_is(
    cluster: Cluster, operator: Person
) -> None:
    failed = int(document("send", "probe", "--fail", "tool", "--tag", "fails")["job"])
    crobot("wait", failed, "--timeout", 60)
    assert f'href="/jobs/{failed}"' in operator.get("/jobs?outcome=tool&tag=fails")
    assert f'href="/jobs/{failed}"' not in operator.get("/jobs?outcome=poison&tag=fails")
    jobs = send(3, workgroup="<w> & 'w'", tag="timed")
    shown = operator.get("/jobs?tag=timed")
    assert """<option value="<w> & 'w'">""" in shown
    assert '<option value="probe">' in shown
    for path, many in (
        ("/jobs?tag=timed", 3),
        ("/jobs?tag=timed&sent_from=2020-01-01T00:00", 3),
        ("/jobs?tag=timed&sent_until=2020-01-01T00:00", 0),
        ("/jobs?tag=timed&sent_from=2999-01-01T00:00", 0),
    ):
        assert f"<p>{many} jobs</p>" in operator.get(path)
    cancel_each(jobs)
