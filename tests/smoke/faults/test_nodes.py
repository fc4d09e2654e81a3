"""Nodes that die, freeze, come back or lose a process: each job still ends once, and no tool outlives its attempt."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from crobot_tasks.celery import app
from tests import ends
from tests.canvas_tasks import note as called
from tests.fault_tasks import noted, trial
from tests.pools import standing_still
from tests.processes import Cluster, value, wait_for


def napping(nap_s: float, note: Path, key: str = "unheard") -> int:
    """Send a job whose first attempt sleeps; returns its number once the tool is there."""
    result = trial.apply_async(
        kwargs={"params": {"note": str(note), "first": {"sleep_s": nap_s}}}, link=called.si(key)
    )
    ends.tool(nap_s)
    ends.reach(result.job_id, "RUNNING")
    return int(result.job_id)


def test_a_silent_node_loses_its_job_which_ends_once_on_the_other(
    site: Cluster, impatient: None, nap_s: float, note: Path
) -> None:
    job_id = napping(nap_s, note, key := f"once-{nap_s}")
    name = ends.attempts(job_id)[0].node
    site.nodes[name].kill()
    ends.no_tool(nap_s)
    ends.complete([job_id])
    first, second = ends.attempts(job_id)
    assert (first.outcome, first.message) == ("node_lost", f"node {name} fell silent")
    assert (second.outcome, second.node) == ("ok", next(other for other in site.nodes if other != name))
    assert ends.lines(note) == {f"{job_id}.1": 1, f"{job_id}.2": 1}
    wait_for("the callback", lambda: app.backend.client.llen(key) == 1)
    assert value("SELECT lost_at IS NOT NULL FROM crobot.nodes WHERE name = :name", name=name)
    site.nodes[name].start()


def test_a_frozen_node_that_wakes_up_stops_its_tool_and_its_late_report_changes_nothing(
    site: Cluster, impatient: None, nap_s: float, note: Path
) -> None:
    job_id = napping(nap_s, note)
    node = site.nodes[ends.attempts(job_id)[0].node]
    node.kill(signal.SIGSTOP)
    ends.complete([job_id])
    assert ends.tools(nap_s)
    node.kill(signal.SIGCONT)
    ends.no_tool(nap_s)
    wait_for("the late report", lambda: ends.attempts(job_id)[0].reports_ignored >= 1)
    assert [attempt.outcome for attempt in ends.attempts(job_id)] == ["node_lost", "ok"]
    ends.complete([job_id])


def test_a_restarted_node_gives_its_jobs_back_long_before_the_lease_is_over(
    site: Cluster, nap_s: float, note: Path
) -> None:
    job_id = napping(nap_s, note)
    node = site.nodes[ends.attempts(job_id)[0].node]
    node.kill()
    ends.no_tool(nap_s)
    node.start()
    ends.complete([job_id])
    first, second = ends.attempts(job_id)
    assert (first.outcome, first.message) == ("node_lost", f"node {node.name} was restarted")
    assert second.outcome == "ok"


def test_a_killed_pool_process_costs_one_attempt_and_not_the_node(
    site: Cluster, nap_s: float, note: Path
) -> None:
    job_id = napping(nap_s, note)
    node = site.nodes[ends.attempts(job_id)[0].node]
    pids = {process.pid for process in node.family()} - {node.pid}
    child = next(process for process in ends.tool(nap_s).parents() if process.ppid() == node.pid)
    assert child.pid in pids
    child.kill()
    ends.no_tool(nap_s)
    ends.complete([job_id])
    assert [attempt.outcome for attempt in ends.attempts(job_id)] == ["node_lost", "ok"]
    assert os.path.exists(f"/proc/{node.pid}")


@pytest.mark.full
def test_a_process_that_begins_nothing_is_replaced_and_its_job_runs_once(site: Cluster, note: Path) -> None:
    with standing_still(*site.nodes.values(), size=site.cores) as numb:
        job_id = noted.delay(str(note)).job_id
        ends.complete([job_id])
        assert len(ends.attempts(job_id)) == 1
        assert set(ends.lines(note).values()) == {1}
        assert not all(process.is_running() for process in numb)


@pytest.mark.parametrize("whole_group", [True, False], ids=["all processes", "only the main process"])
def test_a_node_that_dies_with_many_jobs_under_way_costs_none_of_them(
    site: Cluster, tmp_path: Path, whole_group: bool
) -> None:
    params = {"note": str(tmp_path / "began"), "sleep_s": 0.1, "expected_s": 0.05}
    results = [trial.delay(params=params) for _ in range(30)]
    wait_for("some to have ended", lambda: sum(ends.state(each.job_id) == "COMPLETE" for each in results) > 4)
    site.nodes["calc01"].kill(whole_group=whole_group)
    site.nodes["calc01"].start()
    ends.complete([result.job_id for result in results])
