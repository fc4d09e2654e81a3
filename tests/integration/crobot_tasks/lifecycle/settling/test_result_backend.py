"""Results of jobs are answered from the database: the broker only wakes whoever waits, and may forget everything."""

from __future__ import annotations

import pytest
from celery import group
from celery.exceptions import TaskRevokedError

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.cancel import cancel
from tests import ends
from tests.canvas_tasks import jobs
from tests.processes import Cluster

WAIT_S = 60


def test_a_result_is_awaited_and_not_stored_in_the_broker(cluster: Cluster) -> None:
    result = jobs.add.delay(1, 2)
    assert result.get(timeout=WAIT_S) == 3
    assert app.backend.client.get(app.backend.get_key_for_task(result.id)) is None
    later = app.AsyncResult(result.id)
    assert (later.state, later.get(timeout=WAIT_S)) == ("SUCCESS", 3)


def test_a_failure_is_answered_as_the_exception_that_it_was(cluster: Cluster) -> None:
    result = jobs.fail.delay("no reads")
    ends.ended([result.job_id])
    later = app.AsyncResult(result.id)
    assert later.state == "FAILURE"
    with pytest.raises(ValueError, match="no reads"):
        later.get(timeout=WAIT_S)


def test_a_cancelled_job_is_revoked(cluster: Cluster) -> None:
    result = jobs.add.apply_async((1, 2), countdown=600)
    assert app.AsyncResult(result.id).state == "PENDING"
    cancel(result.job_id)
    ends.ended([result.job_id])
    assert app.AsyncResult(result.id).state == "REVOKED"
    with pytest.raises(TaskRevokedError):
        app.AsyncResult(result.id).get(timeout=WAIT_S)


def test_a_group_is_joined_by_whoever_asks_late(cluster: Cluster) -> None:
    sent = group(jobs.add.s(number, number) for number in range(5)).apply_async()
    ends.complete([result.job_id for result in sent])
    assert sent.join(timeout=WAIT_S) == [0, 2, 4, 6, 8]
    assert sent.join_native(timeout=WAIT_S) == [0, 2, 4, 6, 8]


def test_what_the_broker_has_forgotten_is_answered_all_the_same(cluster: Cluster) -> None:
    sent = (jobs.add.s(1, 1) | jobs.add.s(3)).apply_async()
    assert sent.get(timeout=WAIT_S) == 5
    for key in app.backend.client.scan_iter(f"*{sent.id}*"):
        app.backend.client.delete(key)
    again = app.AsyncResult(sent.id)
    assert (again.state, again.get(timeout=WAIT_S)) == ("SUCCESS", 5)


def test_send_job_leaves_no_result_with_the_broker(cluster: Cluster) -> None:
    result = jobs.add.apply_async((2, 2), ignore_result=True)
    ends.complete([result.job_id])
    assert not list(app.backend.client.scan_iter(f"*{result.id}*"))
    assert app.AsyncResult(result.id).get(timeout=WAIT_S) == 4
