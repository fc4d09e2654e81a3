"""Jobs of a running cluster are found after they have moved to the past jobs, by whoever asks, and as before."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from celery import chain, group
from celery.result import AsyncResult, GroupResult

from crobot_tasks.batches.batch import Batch
from crobot_tasks.celery import app
from crobot_tasks.maintenance.recount import recount
from tests.canvas_tasks import jobs
from tests.command import crobot, document
from tests.integration.crobot_tasks.batches.test_batch import over
from tests.integration.crobot_tasks.maintenance.past import move
from tests.processes import PATIENCE_S, Cluster, query, wait_for

#: what a job is shown with, and its age is given by the tests
AGED = ("sent_at", "finished_at", "waited_s", "run_s", "changed_in")


@pytest.fixture
def tag(cluster: Cluster) -> str:
    """A tag that no other test uses."""
    return f"tag-{uuid4()}"


def probe(tag: str, *options: str) -> int:
    job: int = document("send", "probe", "--tag", tag, *options)["job"]
    assert crobot("wait", job, "--timeout", PATIENCE_S).returncode == (1 if "--fail" in options else 0)
    return job


def shown(job: int) -> dict[str, Any]:
    return {name: value for name, value in document("show", job).items() if name not in AGED}


def settled(*results: Any) -> list[int]:
    """The numbers of these results' jobs, once nothing is owed of them any more."""
    ids = [one.id for one in results]
    told = "SELECT job_id FROM crobot.settlements WHERE task_id = ANY(:ids) AND settled_at IS NOT NULL"
    wait_for("settlements", lambda: len(query(told, ids=ids)) == len(ids))
    return sorted(row.job_id for row in query(told, ids=ids))


def test_show_and_lists(tag: str) -> None:
    job, failed, hot = probe(tag), probe(tag, "--fail", "tool"), probe(tag)
    before = shown(job)
    move(job, failed)
    assert shown(job) == before
    assert [one["id"] for one in document("jobs", "--tag", tag)] == [hot, failed, job]
    assert [one["id"] for one in document("jobs", "--tag", tag, "--state", "FAILED")] == [failed]
    assert document("explain", job)["state"] == "COMPLETE"


def test_a_past_job_is_sent_again_and_the_new_one_names_it(tag: str) -> None:
    job = probe(tag)
    move(job)
    again = document("resend", job)["sent"][0]["sent_as"]
    assert crobot("wait", again, "--timeout", PATIENCE_S).returncode == 0
    assert [one["id"] for one in document("jobs", "--tag", tag)] == [again, job]


def test_celery_answers_for_past_jobs_from_the_database(cluster: Cluster) -> None:
    added, failed = jobs.add.delay(2, 3), jobs.fail.delay(1)
    numbers = settled(added, failed)
    for result in (added, failed):
        app.backend.client.delete(app.backend.get_key_for_task(result.id))
    move(*numbers)
    assert AsyncResult(added.id, app=app).get(timeout=PATIENCE_S) == 5
    assert AsyncResult(failed.id, app=app).state == "FAILURE"
    both = GroupResult("both", [AsyncResult(one.id, app=app) for one in (added, failed)], app=app)
    assert both.join(timeout=PATIENCE_S, propagate=False)[0] == 5


def test_members_and_links_of_a_canvas_that_is_over(cluster: Cluster) -> None:
    done = (group(jobs.add.s(1, 1), jobs.add.s(2, 2)) | jobs.total.s()).delay()
    doubled = chain(jobs.add.s(1, 2), jobs.double.s()).delay()
    assert (done.get(timeout=PATIENCE_S), doubled.get(timeout=PATIENCE_S)) == (6, 6)
    links = [done, *done.parent.results, doubled, doubled.parent]
    wait_for("the answer", lambda: not query("SELECT id FROM crobot.chords WHERE answered_at IS NULL"))
    numbers = settled(*links)
    for one in links:
        app.backend.client.delete(app.backend.get_key_for_task(one.id))
    move(*numbers)
    assert [AsyncResult(one.id, app=app).get(timeout=PATIENCE_S) for one in links] == [6, 2, 4, 6, 3]


def test_the_report_of_a_batch_is_the_same(cluster: Cluster) -> None:
    def told() -> dict[str, Any]:
        report = document("batch", "report", batch.name)
        account = [
            {name: value for name, value in row._mapping.items() if name not in ("sent_at", "finished_at")}
            for row in Batch(batch.name).account()
        ]
        return {"report": report, "account": account, "standing": Batch(batch.name).standing()}

    calls = [jobs.add.s(1, 1), jobs.fail.s(1), jobs.add.s(2, 2)]
    batch = over(Batch.of(calls, name=f"batch-{uuid4()}").name)
    before = told()
    numbers = [row.job_id for row in batch.account()]
    move(*numbers)
    assert told() == before
    # the slice counts anew what was closed before, with some of its jobs hot and others past
    assert batch.resend() == {}
    assert over(batch.name).standing() == before["standing"]


def test_a_recount_finds_no_difference(tag: str) -> None:
    before = list(recount())
    move(probe(tag), probe(tag, "--fail", "tool"))
    assert list(recount()) == before
