"""A Celery app without CRobot's code sends jobs by name, and gets what they give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery, chain, chord, group
from celery.exceptions import NotRegistered, TaskRevokedError

from crobot_tasks.broker.queues import CALLBACKS, SETTLE
from crobot_tasks.celery import app as ours
from crobot_tasks.embedded import Servers
from crobot_tasks.lifecycle.cancel import cancel
from tests import ends
from tests.processes import PATIENCE_S, Cluster, query, value, wait_for

_JOB_OF = "SELECT j.* FROM crobot.jobs j JOIN crobot.settlements s ON s.job_id = j.id WHERE s.task_id = :id"


@pytest.fixture(scope="module")
def app(cluster: Cluster, servers: Servers) -> Iterator[Celery]:
    """Somebody else's app, which knows no task of ours and none of our classes."""
    places = {"broker": servers.broker_url, "backend": servers.broker_url}
    with Celery("foreign", set_as_current=False, **places) as foreign:
        foreign.conf.task_default_queue = CALLBACKS
        # Celery shares tasks between the apps of a process
        for name in [name for name in foreign.tasks if not name.startswith("celery.")]:
            foreign.tasks.unregister(name)
        yield foreign
        foreign.backend.result_consumer.subscribed_to.clear()
        foreign.backend.result_consumer.stop()
        foreign.backend.client.connection_pool.disconnect()


def job_of(task_id: str) -> Any:
    """The one job that a task id stands for."""
    wait_for("the job", lambda: query(_JOB_OF, id=task_id))
    (row,) = query(_JOB_OF, id=task_id)
    return row


@pytest.mark.parametrize("queue", [CALLBACKS, SETTLE])
def test_a_job_sent_by_name_runs_on_a_node_and_its_result_comes_back(
    cluster: Cluster, app: Celery, queue: str
) -> None:
    result = app.send_task("jobs.add", (2,), {"y": 3}, queue=queue)
    assert result.get(timeout=PATIENCE_S) == 5
    # whoever asks later finds it, too
    assert app.AsyncResult(result.id).get(timeout=PATIENCE_S) == 5
    row = job_of(result.id)
    assert (row.pipeline, row.args, row.kwargs, row.priority) == ("jobs.add", [2], {"y": 3}, 5)
    assert row.node in cluster.nodes


@pytest.mark.parametrize("priority", [1, 5, 9])
def test_the_priority_of_a_call_is_the_jobs(app: Celery, priority: int) -> None:
    result = app.send_task("jobs.add", (1, 2), priority=priority)
    assert result.get(timeout=PATIENCE_S) == 3
    assert job_of(result.id).priority == priority


def test_a_pipeline_sent_by_name_works(app: Celery) -> None:
    result = app.send_task("probe", kwargs={"params": {"value": "by name"}})
    assert result.get(timeout=PATIENCE_S)["results"] == {"value": "by name"}


def test_the_error_of_a_job_comes_back(app: Celery) -> None:
    with pytest.raises(Exception, match="cannot work with 4"):
        app.send_task("jobs.fail", (4,)).get(timeout=PATIENCE_S)


@pytest.mark.parametrize(
    ("name", "kwargs", "said"),
    [
        ("probe", {"params": {"fail": "nonsense"}}, "nonsense"),
        ("jobs.add", {"z": 1}, "unexpected keyword argument"),
    ],
    ids=["by the pipeline", "by the task"],
)
def test_a_call_that_is_refused_says_so_to_its_sender(
    app: Celery, name: str, kwargs: dict[str, Any], said: str
) -> None:
    sent = chain(app.signature(name, kwargs=kwargs), app.signature("jobs.double"))
    result = sent.apply_async()
    for one in (result.parent, result):
        with pytest.raises(Exception, match=said):
            one.get(timeout=PATIENCE_S)
    assert query(_JOB_OF, id=result.parent.id) == []


def test_canvas_by_names_gives_what_it_gives_over_jobs(app: Celery) -> None:
    add, double, total = (app.signature(f"jobs.{name}") for name in ("add", "double", "total"))
    canvases = [
        (chain(add.clone((1, 2)), double, add.clone((10,))), 16),
        (group([add.clone((n, n)) for n in range(3)], app=app), [0, 2, 4]),
        (chord([add.clone((n, n)) for n in range(5)], total, app=app), 20),
        (chain(add.clone((1, 1)), group([double, add.clone((5,))], app=app), total), 11),
    ]
    for canvas, expected in canvases:
        assert canvas.apply_async().get(timeout=PATIENCE_S) == expected


def test_callbacks_by_names_come_once(app: Celery) -> None:
    key = f"noted-{uuid4()}"
    app.send_task("jobs.add", (1, 2), link=app.signature("plain.note", args=(key,)))
    app.send_task("jobs.fail", (1,), link_error=app.signature("plain.note", args=(key,), immutable=True))
    wait_for("two callbacks", lambda: ours.backend.client.llen(key) == 2)


def test_a_copy_of_a_message_is_parked_once(app: Celery) -> None:
    task_id = str(uuid4())
    for _ in range(3):
        result = app.send_task("jobs.add", (1, 2), task_id=task_id)
    assert result.get(timeout=PATIENCE_S) == 3
    behind = app.send_task("jobs.add", (1, 2))
    behind.get(timeout=PATIENCE_S)
    assert len(query(_JOB_OF, id=task_id)) == 1


def test_the_times_of_a_call_are_the_jobs(app: Celery) -> None:
    late = app.send_task("jobs.add", (1, 2), countdown=1000, time_limit=77)
    expired = app.send_task("jobs.add", (1, 2), countdown=1000, expires=0.2)
    row = job_of(late.id)
    assert 900 < (row.available_at - row.sent_at).total_seconds() < 1001
    assert row.time_limit_s == 77
    with pytest.raises(TaskRevokedError):
        expired.get(timeout=PATIENCE_S)
    cancel(row.id)


def test_a_task_that_nobody_knows_says_so_to_its_sender(app: Celery) -> None:
    with pytest.raises(NotRegistered, match="nobody.knows"):
        app.send_task("nobody.knows").get(timeout=PATIENCE_S)
    with pytest.raises(NotRegistered, match="nobody.knows"):
        app.send_task("nobody.knows", queue=SETTLE).get(timeout=PATIENCE_S)


def test_ignored_results_are_not_stored(app: Celery) -> None:
    result = app.send_task("jobs.add", (1, 2), ignore_result=True)
    ends.complete([job_of(result.id).id])
    assert result.state == "PENDING"
    assert value("SELECT ignore_result FROM crobot.settlements WHERE task_id = :id", id=result.id)
