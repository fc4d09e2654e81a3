"""The shared storage hangs under a head or a node: what needs it waits and says so, and everything else goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crobot_tasks.lifecycle.cancel import cancel
from db.crobot import LIVE
from tests import ends
from tests.command import document
from tests.installation import TASKS
from tests.processes import Process, value, wait_for
from tests.smoke.faults import species
from tests.smoke.faults.guests import others_drained, restart
from tests.smoke.faults.scene import Scene

_UNAPPLIED = "SELECT unapplied_reason FROM crobot.attempts WHERE job_id = :id AND ended_at IS NULL"
_WAITS = "does not answer. Waiting until it does"
_BEAT = "SELECT beat FROM crobot.nodes WHERE name = :name"
_LOST = "SELECT count(*) FROM crobot.nodes WHERE lost_at IS NOT NULL"
#: more than two leases as the fixture `impatient` has them
BEATS = 15


@contextmanager
def able_to_hang(process: Process, folder: Path) -> Iterator[Path]:
    """Its storage hangs while a file is there, whose path this gives."""
    own, flag = process.environment, folder / "hangs"
    hanging = {"CROBOT_IMPORTS": f"{TASKS},tests.hanging_storage", "CROBOT_TEST_HANGS": str(flag)}
    restart(process, own | hanging)
    try:
        yield flag
    finally:
        flag.unlink(missing_ok=True)
        restart(process, own)


def test_under_a_head_the_reports_that_need_it_wait_and_all_others_are_applied(
    scene: Scene, impatient: None, tmp_path: Path
) -> None:
    mix, (head,) = scene.mix, scene.site.cluster.heads
    with able_to_hang(head, tmp_path) as flag:
        species_job(scene)  # the head knows the storage from its first report of a job with files
        mix.wait()
        flag.touch()
        waiting = [species_job(scene) for _ in range(2)]
        mix.send_plain(5)
        mix.sleep(2)
        ends.ended(mix.wanted.keys() - set(waiting))
        for job_id in waiting:
            wait_for("a report that waits", lambda job_id=job_id: value(_UNAPPLIED, id=job_id))
            assert ends.state(job_id) in LIVE
        told = document("status")["unapplied"]
        assert sorted(job_id for row in told for job_id in row["job_ids"]) == waiting
        assert all("does not answer" in row["reason"] for row in told)
        assert "does not answer" in document("explain", str(waiting[0]))["why"]
        assert who_waits(flag) == {(head.pid, "storage")}
        assert value(_LOST) == 0
        flag.unlink()
        scene.check()
    assert {len(ends.attempts(job_id)) for job_id in waiting} == {1}


#: the command of a process for which the storage may hang before it has begun
_HANGING = """
import runpy, tests.hanging_storage
runpy.run_module("crobot_tasks.cli", run_name="__main__", alter_sys=True)
"""


def test_a_start_while_it_hangs_waits_and_says_so(scene: Scene, tmp_path: Path) -> None:
    cluster, flag = scene.site.cluster, tmp_path / "hangs"
    starting = [cluster.heads[0], cluster.nodes["calc01"]]
    own = [(process.arguments, process.environment) for process in starting]
    flag.touch()
    for process in starting:
        process.stop()
        python, _, _, *arguments = process.arguments
        process.arguments = [python, "-c", _HANGING, *arguments]
        process.environment = process.environment | {"CROBOT_TEST_HANGS": str(flag)}
        process.start()
    for process in starting:
        wait_for(f"{process.name} to say so", lambda process=process: _WAITS in process.text())
    assert [process.status for process in starting] == ["running"] * len(starting)
    flag.unlink()
    scene.check()
    assert [process.status for process in starting] == ["running"] * len(starting)
    for process, (arguments, environment) in zip(starting, own, strict=True):
        process.arguments = arguments
        restart(process, environment)


def species_job(scene: Scene) -> int:
    job_id = species.typing_job().send_job()
    scene.mix.wanted[job_id] = "COMPLETE"
    return job_id


@pytest.mark.full
def test_under_a_node_its_heartbeats_go_on_and_its_jobs_wait(
    scene: Scene, impatient: None, tmp_path: Path
) -> None:
    mix, node = scene.mix, scene.site.cluster.nodes["calc01"]
    with able_to_hang(node, tmp_path) as flag:
        scene.site.cluster.ready()
        with others_drained(scene.site, node.name):
            flag.touch()
            waiting = [species_job(scene) for _ in range(3)]
            ends.reach(waiting[0], "RUNNING")
            beat = value(_BEAT, name=node.name)
            wait_for("heartbeats", lambda: value(_BEAT, name=node.name) > beat + BEATS)
            assert value(_LOST) == 0
            assert "running on calc01" in document("explain", str(waiting[0]))["why"]
            cancel(cancelled := waiting.pop(0))
            mix.wanted[cancelled] = "CANCELLED"
            ends.reach(cancelled, "CANCELLED")
            assert {thread for pid, thread in who_waits(flag) if pid == node.pid} <= {"storage"}
            flag.unlink()
            mix.wait()
        mix.send()
        scene.check()
    assert {len(ends.attempts(job_id)) for job_id in waiting} == {1}


def who_waits(flag: Path) -> set[tuple[int, str]]:
    """Pid and thread of all that waited for the storage."""
    lines = [line.partition(" ") for line in flag.read_text().splitlines()]
    return {(int(pid), thread) for pid, _, thread in lines}
