"""Heads, beat, a node and a sender whose clocks are wrong: all that decides anything goes by the database's clock."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from db import engine
from tests.fault_tasks import noted, trial
from tests.processes import PATIENCE_S, Process, query, value, wait_for
from tests.smoke.faults.guests import clock_of, restart
from tests.smoke.faults.scene import Scene

HOUR_S = 3600
CLOCKS = {"ahead": HOUR_S, "behind": -HOUR_S}
_LOST = "SELECT count(*) FROM crobot.attempts WHERE outcome = 'node_lost'"
_TIMES = """
    SELECT j.sent_at, j.available_at, a.started_at
    FROM crobot.jobs j JOIN crobot.attempts a ON a.job_id = j.id WHERE j.id = :id"""
_EXPIRED_LATE = "SELECT finished_at - expires_at FROM crobot.jobs WHERE id = :id"
_RESCUED = "SELECT heartbeats_read_at FROM crobot.monitoring"
#: to send what begins in three seconds
SEND = """
import sys
from tests.fault_tasks import noted
print(noted.apply_async((sys.argv[1],), countdown=3, expires=600).job_id)
"""


@contextmanager
def wrong(clocks: dict[Process, Path]) -> Iterator[None]:
    """Start the processes again, each with the clock of a file."""
    own = {process: process.environment for process in clocks}
    for process, file in clocks.items():
        restart(process, own[process] | clock_of(file))
    try:
        yield
    finally:
        for process, environment in own.items():
            restart(process, environment)


def clock(folder: Path, name: str, off_s: float) -> Path:
    """Set a clock; whoever has it sees the former time or this one."""
    (draft := folder / f"{name}.new").write_text(str(off_s))
    return draft.rename(folder / name)


@pytest.mark.full
@pytest.mark.parametrize("heads", CLOCKS)
def test_heads_and_beat_that_are_an_hour_off_and_a_node_that_is_an_hour_off_the_other_way(
    scene: Scene, impatient: None, tmp_path: Path, heads: str
) -> None:
    cluster, mix = scene.site.cluster, scene.mix
    off = clock(tmp_path, "heads", CLOCKS[heads])
    clocks = {
        cluster.heads[0]: off,
        cluster.beat: off,
        cluster.nodes["calc01"]: clock(tmp_path, "node", -CLOCKS[heads]),
    }
    with wrong(clocks):
        cluster.ready()
        lost, soon = value(_LOST), value("SELECT now()") + timedelta(seconds=3)
        counted = noted.apply_async((str(mix.note),), countdown=3, expires=600)
        timed = noted.apply_async((str(mix.note),), eta=soon, expires=soon + timedelta(minutes=10))
        ids = [mix._wants(counted, "COMPLETE"), sent_by_a_clock(off, mix.note), mix._wants(timed, "COMPLETE")]
        mix.wanted[ids[1]] = "COMPLETE"
        expiring = mix._wants(trial.apply_async(kwargs={"params": {"cores": 500}}, expires=3), "CANCELLED")
        mix.send()
        scene.check()
        assert value(_LOST) == lost
    times = [query(_TIMES, id=job_id)[0] for job_id in ids]
    assert [row.available_at for row in times] == [
        row.sent_at + timedelta(seconds=3) for row in times[:2]
    ] + [soon]
    for late in (*(row.started_at - row.available_at for row in times), value(_EXPIRED_LATE, id=expiring)):
        assert timedelta(0) <= late < timedelta(seconds=HOUR_S / 2)


def sent_by_a_clock(file: Path, note: Path) -> int:
    """Send a job from a process whose clock is wrong."""
    addresses = {"CROBOT_DATABASE_URL": engine.engine().url.render_as_string(hide_password=False)}
    done = subprocess.run(
        [sys.executable, "-c", SEND, str(note)],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=os.environ | clock_of(file) | addresses,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_beat_whose_clock_is_set_back_by_an_hour_goes_on(scene: Scene, tmp_path: Path) -> None:
    beat, file = scene.site.cluster.beat, clock(tmp_path, "beat", HOUR_S)
    with wrong({beat: file}):
        goes_on("while its clock is ahead")
        clock(tmp_path, file.name, 0)
        goes_on("after its clock was set back")
        clock(tmp_path, file.name, -HOUR_S)
        goes_on("after it was set back once more")
    scene.check()


def goes_on(when: str) -> None:
    """Wait for several orders of beat, which come each heartbeat."""
    for _ in range(4):
        last = value(_RESCUED)
        wait_for(f"beat's next order {when}", lambda last=last: value(_RESCUED) != last, 30)
