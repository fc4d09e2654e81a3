"""RabbitMQ as the broker, results in the database: what works over Valkey works there too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import chord, group
from celery.exceptions import TaskRevokedError

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.cancel import cancel
from tests import ends
from tests.canvas_tasks import jobs
from tests.fault_tasks import noted, trial
from tests.installation import installation
from tests.processes import PATIENCE_S, Cluster, value, wait_for
from tests.rabbitmq import rabbitmq

NAP_S = 307.25
_QUEUED = "SELECT max(queued) FROM crobot.nodes"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with one node, whose lease is too long to be waited for."""
    folder = tmp_path_factory.mktemp("rabbit")
    with (
        rabbitmq(folder / "rabbitmq") as broker_url,
        installation(folder / "data", ("calc01",), broker_url, CROBOT_LEASE_S="60") as cluster,
    ):
        yield cluster


def test_jobs_and_canvas(site: Cluster) -> None:
    assert jobs.add.delay(2, 3).get(timeout=PATIENCE_S) == 5
    assert (jobs.add.s(1, 2) | jobs.double.s() | jobs.add.s(10)).delay().get(timeout=PATIENCE_S) == 16
    assert group(jobs.add.s(n, n) for n in range(4)).delay().get(timeout=PATIENCE_S) == [0, 2, 4, 6]
    assert chord([jobs.add.s(n, n) for n in range(4)], jobs.total.s()).delay().get(timeout=PATIENCE_S) == 12


def test_an_error_arrives(site: Cluster) -> None:
    with pytest.raises(ValueError, match="cannot work with 1"):
        jobs.fail.delay(1).get(timeout=PATIENCE_S)


def test_many_jobs_run_once_each(site: Cluster, tmp_path: Path) -> None:
    ids = [noted.delay(str(tmp_path / "began")).job_id for _ in range(100)]
    ends.complete(ids)
    assert sorted(ends.lines(tmp_path / "began").values()) == [1] * 100


def test_a_running_job_is_cancelled_with_its_tool(site: Cluster) -> None:
    result = trial.delay(params={"sleep_s": NAP_S})
    ends.tool(NAP_S)
    ends.reach(result.job_id, "RUNNING")
    assert app.AsyncResult(result.id).state == "STARTED"
    cancel(result.job_id)
    ends.no_tool(NAP_S)
    assert [row.state for row in ends.ended([result.job_id])] == ["CANCELLED"]
    with pytest.raises(TaskRevokedError):
        result.get(timeout=PATIENCE_S)


def test_heartbeats_say_how_many_messages_wait(site: Cluster) -> None:
    params = {"sleep_s": NAP_S, "expected_s": 0.01}
    ids = [trial.delay(params=params).job_id for _ in range(12)]
    # the node runs two; Celery takes some more in advance over RabbitMQ, and the others wait in the queue
    wait_for("messages in the queue", lambda: value(_QUEUED) > 0)
    for job_id in ids:
        cancel(job_id)
    ends.ended(ids)
    wait_for("an empty queue", lambda: value(_QUEUED) == 0)
    ends.no_tool(NAP_S)


def test_a_restarted_node_gives_its_jobs_back(site: Cluster, tmp_path: Path) -> None:
    note = tmp_path / "began"
    job_id = trial.delay(params={"note": str(note), "first": {"sleep_s": NAP_S}}).job_id
    ends.tool(NAP_S)
    ends.reach(job_id, "RUNNING")
    site.nodes["calc01"].kill()
    ends.no_tool(NAP_S)
    site.nodes["calc01"].start()
    ends.complete([job_id])
    assert [attempt.message for attempt in ends.attempts(job_id)] == ["node calc01 was restarted", None]
    assert ends.lines(note) == {f"{job_id}.1": 1, f"{job_id}.2": 1}


def test_a_killed_head_leaves_nothing_undone(site: Cluster, tmp_path: Path) -> None:
    ids = [noted.delay(str(tmp_path / "began")).job_id for _ in range(60)]
    wait_for("some to have ended", lambda: any(ends.state(job_id) == "COMPLETE" for job_id in ids))
    site.heads[0].kill()
    site.heads[0].start()
    ends.complete(ids)
    assert sorted(ends.lines(tmp_path / "began").values()) == [1] * 60


def test_results_are_in_the_database(site: Cluster) -> None:
    result = jobs.constant.delay({"a": [1, None, "ä"]})
    assert result.get(timeout=PATIENCE_S) == {"a": [1, None, "ä"]}
    assert app.backend.as_uri().startswith("postgresql+psycopg2://")
    assert app.AsyncResult(result.id).state == "SUCCESS"
