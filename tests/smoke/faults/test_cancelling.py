"""Cancelling a job wherever it is: the tools end within seconds, and so does whoever waits for the result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from celery.exceptions import TaskRevokedError

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.calls.job_result import JobResult
from crobot_tasks.lifecycle.cancel import cancel
from tests import ends
from tests.canvas_tasks import jobs
from tests.canvas_tasks import note as called
from tests.fault_tasks import trial
from tests.processes import PATIENCE_S, Cluster, wait_for


def check_cancelled(result: JobResult) -> None:
    (row,) = ends.ended([result.job_id])
    assert (row.state, row.outcome) == ("CANCELLED", "cancelled")
    wait_for("the result", result.ready)
    assert result.state == "REVOKED"
    with pytest.raises(TaskRevokedError):
        result.get(timeout=PATIENCE_S)


@pytest.fixture
def full(site: Cluster, nap_s: float) -> Iterator[list[int]]:
    """Every core is busy with a job that seems short, so that the next one queues on a node."""
    params = {"sleep_s": nap_s, "expected_s": 0.01}
    ids = [trial.delay(params=params).job_id for _ in range(4)]
    wait_for("four tools", lambda: len(ends.tools(nap_s)) == 4)
    yield ids
    for job_id in ids:
        cancel(job_id)
    ends.no_tool(nap_s)
    ends.ended(ids)


def test_a_waiting_job_is_cancelled_at_once(site: Cluster, note: Path) -> None:
    result = trial.delay(params={"cores": 500, "note": str(note)})
    assert cancel(result.job_id) == "CANCELLED"
    check_cancelled(result)
    assert ends.attempts(result.job_id) == []


def test_a_routed_job_is_cancelled_at_once_and_never_begins(
    site: Cluster, full: list[int], note: Path
) -> None:
    result = trial.delay(params={"note": str(note), "expected_s": 0.01})
    ends.reach(result.job_id, "ROUTED")
    assert cancel(result.job_id) == "CANCELLED"
    check_cancelled(result)
    for job_id in full:
        cancel(job_id)
    ends.ended(full)
    # the node has taken the message meanwhile: later ones of its queue are run
    ends.complete([trial.delay(params={"cores": 1}).job_id for _ in range(8)])
    assert not ends.lines(note)


def test_a_running_job_is_cancelled_with_its_tool(site: Cluster, nap_s: float) -> None:
    result = trial.delay(params={"sleep_s": nap_s})
    ends.tool(nap_s)
    ends.reach(result.job_id, "RUNNING")
    assert cancel(result.job_id) == "RUNNING"
    ends.no_tool(nap_s)
    check_cancelled(result)
    assert [attempt.outcome for attempt in ends.attempts(result.job_id)] == ["cancelled"]


def test_revoking_its_result_cancels_a_job(site: Cluster, nap_s: float) -> None:
    result = trial.delay(params={"sleep_s": nap_s})
    ends.tool(nap_s)
    ends.reach(result.job_id, "RUNNING")
    result.revoke()
    ends.no_tool(nap_s)
    check_cancelled(result)


def test_cancelling_again_or_too_late_changes_nothing(site: Cluster) -> None:
    result = jobs.add.delay(1, 2)
    assert result.get(timeout=PATIENCE_S) == 3
    assert cancel(result.job_id) == cancel(result.job_id) == "COMPLETE"
    assert result.state == "SUCCESS"


def test_what_would_follow_a_cancelled_job_does_not(site: Cluster) -> None:
    result = jobs.add.apply_async((1, 2), countdown=600, link=called.si("cancelled-link"))
    cancel(result.job_id)
    check_cancelled(result)
    assert not app.backend.client.exists("cancelled-link")
