"""A broker that is lost while a task lies in the pipe from a worker's main process to the one that is to run it."""

from __future__ import annotations

import pytest

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.cancel import cancel
from tests import ends
from tests.fault_tasks import trial
from tests.pools import standing_still
from tests.processes import Cluster, Process, wait_for
from tests.smoke.faults.guests import others_drained
from tests.smoke.faults.scene import Scene

# Connections of this process to the broker are broken with it, and are collected as they are.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def lose_the_broker(worker: Process) -> None:
    """Cut all connections, and wait until this worker has connected again."""
    before = worker.text().count("Connected to")
    app.backend.client.client_kill_filter(_type="normal", skipme=True)
    app.backend.client.client_kill_filter(_type="pubsub", skipme=True)
    wait_for("the worker to connect again", lambda: worker.text().count("Connected to") > before)


def test_a_job_that_begins_after_the_broker_was_lost_is_known_and_can_be_cancelled(
    scene: Scene, site: Cluster, nap_s: float
) -> None:
    node = site.nodes["calc01"]
    with others_drained(scene.site, node.name):
        with standing_still(node, size=site.cores):
            job_id = trial.delay(params={"sleep_s": nap_s}).job_id
            wait_for("the node to take the message", lambda: f"trial[{job_id}.1] received" in node.text())
            lose_the_broker(node)
        ends.tool(nap_s)
        ends.reach(job_id, "RUNNING")
        ends.complete([trial.delay().job_id for _ in range(4)])  # none waits behind the tool
        assert cancel(job_id) == "RUNNING"
        ends.no_tool(nap_s)
    ends.ended([job_id])
    assert [attempt.outcome for attempt in ends.attempts(job_id)] == ["cancelled"]
    scene.check()


def test_a_callback_that_begins_after_the_broker_was_lost_is_run_once(scene: Scene, site: Cluster) -> None:
    worker = site.callbacks
    before = worker.text().count("faults.called")
    with standing_still(worker, size=2):
        scene.mix.send_called()
        wait_for("the worker to take the message", lambda: worker.text().count("faults.called") > before)
        lose_the_broker(worker)
    scene.check()
