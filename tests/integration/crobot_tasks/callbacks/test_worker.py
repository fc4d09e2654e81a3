"""Plain tasks run in the worker of `crobot callbacks`, and no head runs anybody's code."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from celery import chord, group
from celery.exceptions import NotRegistered

from crobot_tasks.broker.queues import SETTLE
from crobot_tasks.celery import app
from crobot_tasks.head.unread_callbacks import note_unread_callbacks
from tests import ends
from tests.callback_tasks import job_told, job_where, note_where, told, waits, where
from tests.canvas_tasks import jobs, plain
from tests.command import document
from tests.pools import pool
from tests.processes import PATIENCE_S, Cluster, Process, query, wait_for

_ERRBACK_JOBS = "SELECT id, kwargs, result FROM crobot.jobs WHERE pipeline = :name AND args->>3 = :key"


@pytest.fixture
def key() -> str:
    return f"noted-{uuid4()}"


def noted(key: str, count: int) -> list[Any]:
    """What tasks have written under a key."""
    wait_for(f"{count} notes", lambda: app.backend.client.llen(key) >= count)
    return [json.loads(one) for one in app.backend.client.lrange(key, 0, -1)]


def pool_of(cluster: Cluster) -> set[int]:
    return {process.pid for process in pool(cluster.callbacks)}


@pytest.mark.parametrize("queue", [None, SETTLE], ids=["by default", "sent to the heads"])
def test_a_plain_task_without_a_route_runs_in_the_callbacks_worker(
    cluster: Cluster, queue: str | None
) -> None:
    _, parent = where.apply_async(queue=queue).get(timeout=PATIENCE_S)
    assert parent == cluster.callbacks.pid


def test_callbacks_of_jobs_run_in_the_callbacks_worker(cluster: Cluster, key: str) -> None:
    good = jobs.add.apply_async((1, 2), link=[note_where.s(key), note_where.si(key)])
    bad = jobs.fail.apply_async((1,), link_error=[note_where.s(key), note_where.si(key), told.s(key)])
    ends.ended([good.job_id, bad.job_id])
    pids = {one["pid"] if isinstance(one, dict) else one for one in noted(key, 5)}
    assert pids <= pool_of(cluster)


@pytest.mark.parametrize("task", [jobs.fail, plain.fail], ids=["of a job", "of a plain task"])
def test_an_errback_is_given_request_error_and_traceback(cluster: Cluster, key: str, task: Any) -> None:
    failed = task.apply_async((7,), link_error=told.s(key))
    (given,) = noted(key, 1)
    assert given.pop("pid") in pool_of(cluster)
    assert given.pop("traceback") in {True, task is jobs.fail and False}
    assert given == {"id": failed.id, "error": ["ValueError", "cannot work with 7"]}


@pytest.mark.parametrize("task", [jobs.fail, plain.fail], ids=["of a job", "of a plain task"])
def test_an_errback_that_is_a_job_runs_on_a_node_and_is_given_the_same(
    cluster: Cluster, key: str, task: Any
) -> None:
    failed = task.apply_async((8,), link_error=job_told.s(key))
    wait_for("the errback", lambda: query(_ERRBACK_JOBS, name=job_told.name, key=key))
    ((job_id, *_),) = query(_ERRBACK_JOBS, name=job_told.name, key=key)
    (row,) = ends.complete([job_id])
    assert row.node in cluster.nodes
    row.result.pop("traceback")
    assert row.result == {
        "key": key, "id": failed.id, "error": ["ValueError", "cannot work with 8"],
    }  # fmt: skip


def test_the_errback_of_a_chord_is_given_the_chords_error(cluster: Cluster, key: str) -> None:
    body = jobs.total.s().on_error(told.s(key))
    result = chord([jobs.add.s(1, 1), jobs.fail.s(3)], body).apply_async()
    with pytest.raises(Exception, match="cannot work with 3"):
        result.get(timeout=PATIENCE_S)
    (given,) = noted(key, 1)
    assert given["pid"] in pool_of(cluster)
    assert given["error"][0] == "ChordError"
    assert "cannot work with 3" in given["error"][1]


def test_five_errbacks_that_hang_delay_no_other_result(cluster: Cluster, key: str) -> None:
    failed = [jobs.fail.apply_async((n,), link_error=waits.s(key)) for n in range(5)]
    ends.ended([result.job_id for result in failed])
    others = [
        jobs.add.s(1, 2) | jobs.double.s(),
        chord([jobs.add.s(n, n) for n in range(4)], jobs.total.s()),
        jobs.double.map([1, 2, 3]),
        group(jobs.add.s(n, n) for n in range(3)) | jobs.total.s(),
    ]
    assert [one.apply_async().get(timeout=PATIENCE_S) for one in others] == [6, 12, [2, 4, 6], 6]
    assert not app.backend.client.exists(key)
    app.backend.client.rpush(f"{key}-go", *range(5))
    wait_for("five errbacks", lambda: app.backend.client.llen(key) == 5)


def test_map_over_a_plain_task_runs_in_the_callbacks_worker(cluster: Cluster) -> None:
    found = where.map([1, 2]).apply_async().get(timeout=PATIENCE_S)
    assert {parent for _, parent in found} == {cluster.callbacks.pid}


def test_a_job_runs_on_a_node_whoever_sends_it(cluster: Cluster) -> None:
    nodes = {node.pid for node in cluster.nodes.values()}
    sent = [job_where.delay(), app.send_task(job_where.name), app.signature(job_where.name).delay()]
    assert {result.get(timeout=PATIENCE_S)[1] for result in sent} <= nodes


def test_a_task_that_nobody_knows_ends_with_its_name(cluster: Cluster) -> None:
    name = f"unheard.of_{uuid4().hex}"
    by_name = app.send_task(name)
    last = (jobs.constant.s(1) | app.signature(name)).apply_async()
    for result in (by_name, last):
        with pytest.raises(NotRegistered, match=name):
            result.get(timeout=PATIENCE_S)
    wait_for("the log", lambda: name in cluster.callbacks.text())


def test_a_head_runs_plain_tasks_if_it_is_set_so(cluster: Cluster) -> None:
    cluster.callbacks.stop()
    settings = cluster.environment | {"CROBOT_CALLBACKS_IN_HEAD": "1"}
    head = Process("head-too", cluster.heads[0].arguments, cluster.folder, **settings)
    try:
        pid, _ = where.delay().get(timeout=PATIENCE_S)
    finally:
        head.stop()
        cluster.callbacks.start()
    assert pid == head.pid


def test_the_status_says_that_nobody_reads_callbacks(cluster: Cluster) -> None:
    cluster.callbacks.stop()
    try:
        sent = where.delay()
        note_unread_callbacks()
        assert document("status")["unread_callbacks"] == 1
    finally:
        cluster.callbacks.start()
    assert sent.get(timeout=PATIENCE_S)[1] == cluster.callbacks.pid
    # a head may note at the same time what it saw before
    note_unread_callbacks()
    wait_for("the status to be well", lambda: document("status")["unread_callbacks"] == 0)
