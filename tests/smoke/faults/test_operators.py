"""Operators drain nodes, change the policy and upgrade, while jobs are under way."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests import ends
from tests.fault_tasks import trial
from tests.installation import TASKS
from tests.node_tasks import glutton
from tests.processes import PATIENCE_S, Cluster, Process, query, value, wait_for
from tests.smoke.faults.guests import guest, others_drained
from tests.smoke.faults.scene import Scene
from workers import process

_LIVE_ON = "SELECT count(*) FROM crobot.attempts WHERE node = :node AND ended_at IS NULL"
_BEGUN_ON = "SELECT count(*) FROM crobot.attempts WHERE node = :node AND routed_at > :since"
_ACCEPTED = "SELECT toml FROM crobot.policies ORDER BY id DESC LIMIT 1"
full = pytest.mark.full


def speaking(version: str) -> dict[str, str]:
    """Environment of a process that speaks as another version."""
    return {"CROBOT_IMPORTS": f"{TASKS},tests.other_versions", "CROBOT_TEST_SPEAKS": version}


@contextmanager
def restarted(process: Process, environment: dict[str, str], signum: int = signal.SIGTERM) -> Iterator[None]:
    """End a process and start it in other surroundings, and in the end in its own again."""
    own = process.environment
    for surroundings in (own | environment, own):
        process.kill(signum, whole_group=signum == signal.SIGKILL)
        process._popen.wait(PATIENCE_S)
        process.environment = surroundings
        process.start()
        if surroundings is not own:
            yield


# --- drain ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ["running", pytest.param("sending", marks=full)])
def test_a_node_that_is_drained_ends_what_it_has_and_gets_no_more_until_it_is_resumed(
    scene: Scene, phase: str
) -> None:
    @contextmanager
    def drained() -> Iterator[None]:
        with others_drained(scene.site, "calc02"):
            yield
            wait_for("the drained node to be empty", lambda: value(_LIVE_ON, node="calc01") == 0)
            since = value("SELECT now()")
            scene.mix.send_plain(5)
            wait_for("jobs on the other", lambda: value(_BEGUN_ON, node="calc02", since=since) >= 5)
            assert value(_BEGUN_ON, node="calc01", since=since) == 0

    scene.play(phase, drained())
    assert "node_lost" not in outcomes(scene)


def outcomes(scene: Scene) -> set[str]:
    """How the attempts that began ended."""
    every = [attempt for job_id in scene.mix.wanted for attempt in ends.attempts(job_id)]
    return {attempt.outcome for attempt in every if attempt.started_at}


# --- policy -----------------------------------------------------------------------------------------------------------


@contextmanager
def policy(cluster: Cluster) -> Iterator[Path]:
    """The heads' policy file, put back in the end."""
    file = Path(cluster.environment["CROBOT_POLICY"])
    own = file.read_text()
    yield file
    replace(file, own + "\n# put back\n")
    wait_for("the own policy", lambda: value(_ACCEPTED) == own + "\n# put back\n")


def replace(file: Path, text: str) -> None:
    """As editors do, so that no head reads half a file."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.rename(file)


@pytest.mark.parametrize(
    "phase", [pytest.param(phase, marks=full) for phase in ("sending", "running", "routed")]
)
def test_a_policy_that_is_reloaded_under_load_counts_at_once_and_a_wrong_one_does_not(
    scene: Scene, phase: str
) -> None:
    @contextmanager
    def reloaded() -> Iterator[None]:
        with policy(scene.site.cluster) as file:
            own = file.read_text()
            once = own.replace("[retry]", "[pipelines.glutton]\nretry = { attempts = 1 }\n[retry]")
            replace(file, once)
            wait_for("the new policy", lambda: value(_ACCEPTED) == once)
            yield
            replace(file, own.replace("delay_s = 0.2", "delay_s = 'soon'"))
            head = scene.site.cluster.heads[0]
            wait_for("the refusal", lambda: "the old policy stays in force" in head.text())
            failing = glutton.delay(params={"fail": "node"}).job_id
            ends.ended([failing])
            assert [attempt.outcome for attempt in ends.attempts(failing)] == ["node_broken"]
            assert value(_ACCEPTED) == once

    scene.play(phase, reloaded())


# --- upgrade ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["before the head", pytest.param("after the head", marks=full)])
def test_nodes_and_heads_are_upgraded_one_after_the_other_with_jobs_under_way(
    scene: Scene, moment: str
) -> None:
    cluster = scene.site.cluster
    late = [cluster.heads[0]] if moment == "before the head" else list(cluster.nodes.values())[:1]
    version = speaking("old head" if moment == "before the head" else "old node")

    @contextmanager
    def mixed() -> Iterator[None]:
        with restarted(late[0], version):
            scene.mix.sleep(3)
            scene.mix.send_plain(5)
            yield

    scene.play("running", mixed())
    assert "node_lost" not in outcomes(scene)


def why_refused(scene: Scene, **surroundings: str) -> str:
    """Let a node in such surroundings refuse a job, and see that it runs elsewhere; returns what the node said."""
    with guest(scene.site, **surroundings) as node:
        with others_drained(scene.site, node.name):
            job_id = scene.mix.sleep(1)[0]
            wait_for("the refusal", lambda: any(one.ended_at for one in ends.attempts(job_id)))
        scene.check()
    first, *_, last = ends.attempts(job_id)
    assert (first.outcome, first.node) == ("node_broken", node.name)
    assert last.outcome == "ok"
    assert last.node != node.name
    return str(first.message)


def test_a_message_that_is_newer_than_its_node_is_refused_there_and_its_job_runs_elsewhere(
    scene: Scene,
) -> None:
    assert "upgrade the node" in why_refused(scene, **speaking("behind"))


def test_a_node_without_the_shared_storage_says_so_and_its_job_runs_elsewhere(
    scene: Scene, tmp_path: Path
) -> None:
    why = why_refused(scene, CROBOT_STORAGE=str(tmp_path))
    assert "is not the storage that the heads work with" in why
    assert list(tmp_path.rglob("outputs")) == []


@full
def test_a_node_that_is_newer_than_the_head_loses_no_job_and_works_again_when_the_head_can_read_it(
    scene: Scene, head: Process, impatient: None
) -> None:
    @contextmanager
    def ahead() -> Iterator[None]:
        with restarted(scene.site.cluster.nodes["calc01"], speaking("ahead"), signal.SIGKILL):
            wait_for("the head to refuse it", lambda: "a message of node 'calc01' is dropped" in head.text())
            yield
            scene.mix.wait()

    scene.play("running", ahead())
    assert query("SELECT 1 FROM crobot.nodes WHERE name = 'calc01'")


# --- what is left of a node -------------------------------------------------------------------------------------------


def test_tools_that_outlived_their_node_and_guard_are_swept_at_its_start(
    site: Cluster, nap_s: float, note: Path
) -> None:
    job_id = trial.delay(params={"note": str(note), "first": {"sleep_s": nap_s}}).job_id
    tool = ends.tool(nap_s)
    ends.reach(job_id, "RUNNING")
    node = site.nodes[ends.attempts(job_id)[0].node]
    guard = psutil.Process(tool.ppid())
    orphan = left_behind(site.folder / "nodes" / node.name, nap_s)
    guard.suspend()
    node.kill()
    assert tool.is_running()
    node.start()
    ends.no_tool(nap_s)
    assert orphan.wait(PATIENCE_S) == -signal.SIGKILL
    ends.complete([job_id])


def left_behind(state_dir: Path, nap_s: float) -> psutil.Popen:
    """A process with the mark of an attempt of a former life, whose guard and parent are long gone."""
    mark = process.mark(state_dir, 1, 1)
    return psutil.Popen(
        [sys.executable, "-c", f"import time; time.sleep({nap_s})"],
        env=os.environ | {process.MARK: mark},
        start_new_session=True,
    )
