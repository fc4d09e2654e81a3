"""The broker, all nodes or one node are away for many leases: nothing is lost, nobody is judged by it."""

from __future__ import annotations

import base64
import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import celeryconfig
from crobot_tasks.broker.queues import HEARTBEATS, REPORTS, SETTLE, node_queue
from crobot_tasks.celery import app
from crobot_tasks.embedded.valkey import DUMP
from crobot_tasks.node.courier import BUSY_S
from tests import ends
from tests.command import document
from tests.fault_tasks import refused, trial, wordy
from tests.faulty import Place
from tests.processes import query, value, wait_for
from tests.smoke.faults.guests import others_drained
from tests.smoke.faults.mix import Mix, nothing_live
from tests.smoke.faults.scene import Scene
from tests.smoke.faults.stage import Stage

# Connections of this process to the broker are broken with it, and are collected as they are.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

#: as the fixture `impatient` has it
LEASE_S = 3.0
#: what stands for a day
LONG_S = 4 * LEASE_S
MB = 10**6
#: messages of beat and of nodes that may come at the moment when the broker is back
AT_ONCE = 12

_UNHEARD = "SELECT extract(epoch FROM now() - heartbeats_read_at) FROM crobot.monitoring"
_LOST_NODES = "SELECT name FROM crobot.nodes WHERE lost_at IS NOT NULL"
_LOST_ATTEMPTS = "SELECT count(*) FROM crobot.attempts WHERE outcome = 'node_lost'"


def long_away() -> None:
    """Wait until heads have heard nobody for many leases."""
    wait_for("many leases", lambda: value(_UNHEARD) > LONG_S)


# --- the broker -------------------------------------------------------------------------------------------------------


@contextmanager
def stopped(broker: Place) -> Iterator[None]:
    """Ended in good order, and started with its data."""
    broker.server.stop(signal.SIGTERM)
    yield
    broker.server.start()


@contextmanager
def emptied(broker: Place) -> Iterator[None]:
    """Killed, and started without its data."""
    broker.server.stop(signal.SIGKILL)
    (broker.server.data_dir / "valkey" / DUMP).unlink(missing_ok=True)
    yield
    broker.server.start()


@contextmanager
def full(broker: Place) -> Iterator[None]:
    """Somebody else's data fill it, and it evicts nothing: reads are answered, writes are refused."""
    client = app.backend.client
    former = client.config_get("maxmemory")["maxmemory"]
    client.rpush("foreign", *[bytes(MB)] * 20)
    client.config_set("maxmemory", client.info("memory")["used_memory"] - 10 * MB)
    yield
    client.delete("foreign")
    client.config_set("maxmemory", former)


#: how it is away → what status says of it
OUTAGES: dict[Callable[[Place], AbstractContextManager[None]], str] = {
    stopped: "does not answer",
    emptied: "does not answer",
    full: "the broker refuses: command not allowed when used memory > 'maxmemory'",
}


@pytest.mark.full
@pytest.mark.parametrize("outage", [pytest.param(one, id=one.__name__) for one in OUTAGES])
def test_a_broker_that_is_away_for_a_day_costs_no_job_and_comes_back_to_no_flood(
    scene: Scene, impatient: None, outage: Callable[[Place], AbstractContextManager[None]]
) -> None:
    mix, (head,) = scene.mix, scene.site.cluster.heads
    mix.send_plain(3)
    mix.wait()
    begun_before = [*mix.sleep(2), sleeping(mix, LONG_S + 8)]
    for job_id in begun_before:
        ends.reach(job_id, "RUNNING")
    mix.send()
    lost_before = value(_LOST_ATTEMPTS)
    with outage(scene.site.broker):
        mix.send_plain(4)
        waiting = max(mix.wanted)
        long_away()
        assert_told(waiting, OUTAGES[outage])
        assert query(_LOST_NODES) == []
        assert value(_LOST_ATTEMPTS) == lost_before
        head.kill(signal.SIGSTOP)
        scene._held.append(lambda: head.kill(signal.SIGCONT))
    assert_no_flood(len(scene.site.cluster.nodes))
    scene.let_go()
    scene.check()
    assert {len(ends.attempts(job_id)) for job_id in begun_before} == {1}
    assert query(_LOST_NODES) == []


def sleeping(mix: Mix, seconds: float) -> int:
    params = {"sleep_s": seconds, "note": str(mix.note)}
    return mix._wants(trial.apply_async(kwargs={"params": params}), "COMPLETE")


def assert_told(waiting: int, broker_says: str) -> None:
    """It is said why nothing runs, of all jobs and of one."""
    status = document("status")
    assert "no head has heard the nodes for" in status["warning"]
    assert broker_says in status["broker_warning"]
    assert "no head has heard the nodes for" in document("explain", str(waiting))["why"]


def assert_no_flood(nodes: int) -> None:
    """While no head reads, what lies in the queues grows with the time since the broker is back, and with no other."""
    client, since = app.backend.client, time.monotonic()
    wait_for(
        "all nodes", lambda: len({message.get("node") for message in unread(HEARTBEATS)} - {None}) == nodes
    )
    for name, every_s in {
        HEARTBEATS: celeryconfig.crobot_heartbeat_s / (nodes + 1),
        SETTLE: celeryconfig.crobot_batches_s / 2,
        REPORTS: BUSY_S / nodes,
    }.items():
        length, seconds = client.llen(name), time.monotonic() - since
        assert length <= seconds / every_s + AT_ONCE, name
    reported = Counter(report["id"] for message in unread(REPORTS) for report in message.get("reports", []))
    # a first copy may have been on its way when the broker went
    assert set(reported.values()) <= {1, 2}


def unread(name: str) -> list[dict[str, Any]]:
    """What nodes say in messages that no head has read."""
    messages = [json.loads(raw) for raw in app.backend.client.lrange(name, 0, -1)]
    bodies = [json.loads(base64.b64decode(message["body"]))[1] for message in messages]
    return [kwargs.get("message", {}) for kwargs in bodies]


# --- all nodes --------------------------------------------------------------------------------------------------------

_OPEN = "SELECT count(*) FROM crobot.attempts WHERE ended_at IS NULL"
_POISON = "SELECT count(*) FROM crobot.jobs WHERE outcome = 'poison'"
_NODES_SILENT_S = "SELECT extract(epoch FROM now() - max(heartbeat_at)) FROM crobot.nodes"


@pytest.mark.full
def test_while_all_nodes_are_away_overnight_jobs_wait_and_say_why(scene: Scene, impatient: None) -> None:
    mix, nodes = scene.mix, scene.site.cluster.nodes
    poison = value(_POISON)
    began = [sleeping_first(mix) for _ in range(3)]
    for job_id in began:
        ends.reach(job_id, "RUNNING")
    mix.send()
    for node in nodes.values():
        node.kill()
    wait_for("the end of all leases", lambda: value(_OPEN) == 0)
    (sent_at_night,) = mix.sleep(1)
    wait_for("many leases", lambda: value(_NODES_SILENT_S) > LONG_S)
    assert {ends.state(job_id) for job_id in began} == {"WAITING"}
    told = [document("explain", str(job_id)) for job_id in (began[0], sent_at_night)]
    assert {one["why"] for one in told} == {"no node offers trial: silent on calc01, calc02"}
    for node in nodes.values():
        node.start()
    scene.check()
    for job_id in began:
        assert [attempt.outcome for attempt in ends.attempts(job_id)] == ["node_lost", "ok"]
    # jobs of other scenarios may be
    assert value(_POISON) == poison


def sleeping_first(mix: Mix) -> int:
    """Send a job whose first attempt would last for hours."""
    params = {"note": str(mix.note), "first": {"sleep_s": 3600 + mix.nap_s}}
    return mix._wants(trial.apply_async(kwargs={"params": params}), "COMPLETE")


# --- one node ---------------------------------------------------------------------------------------------------------


@pytest.mark.full
def test_reports_of_a_node_that_was_away_for_a_week_are_acknowledged_and_change_nothing(
    stage: Stage, impatient: None
) -> None:
    mix, node, (head,) = stage.mix, stage.node, stage.site.cluster.heads
    with others_drained(stage.site, stage.victim):
        node.kill(signal.SIGSTOP)
        mix.send_plain(3)
        mix._wants(refused.apply_async((1,)), "FAILED")
        large = mix._wants(wordy.apply_async((100_000,)), "COMPLETE")
        done = list(mix.wanted)
        # the broker hands one to the frozen node, which had asked for it
        wait_for("all to be sent", lambda: app.backend.client.llen(node_queue(node.name)) >= len(done) - 1)
        head.kill(signal.SIGSTOP)
        node.kill(signal.SIGCONT)
        spool = stage.folder / "reports"
        wait_for(
            "all reports", lambda: {path.stem for path in spool.glob("*.json")} >= {f"{j}.1" for j in done}
        )
        node.kill()
        app.backend.client.delete(REPORTS)
        head.kill(signal.SIGCONT)
        wait_for("the node to be lost", lambda: value(_LOST_NODES) == stage.victim)
    mix.wait()
    nothing_live()
    a_week_passes(stage, done[0], large)
    before = query(_JOBS)
    node.start()
    wait_for("the spool to be empty", lambda: not list(spool.iterdir()))
    assert query(_JOBS) == before
    for first, second in map(ends.attempts, done):
        assert first.reports_ignored >= 1  # a busy head acknowledges late, and the report comes again
        assert (first.outcome, second.reports_ignored) == ("node_lost", 0)
    begun = stage.folder / "begun"
    assert not (begun / day(40)).exists()
    over = {path.name for ago in (0, 1) for path in (begun / day(ago)).glob("*")}  # both, just after midnight
    assert {f"{job_id}.1" for job_id in done} <= over
    stage.check()


_JOBS = "SELECT id, state, attempt, node, outcome, message, result, finished_at FROM crobot.jobs ORDER BY id"


def day(ago: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=ago):%Y-%m-%d}"


def a_week_passes(stage: Stage, oldest: int, large: int) -> None:
    """Markers grow old, files of dead attempts are removed, and one report is as the first version wrote it."""
    begun = stage.folder / "begun"
    (begun / day(7)).mkdir(exist_ok=True)
    for today in (day(0), day(1)):  # both, if it is just after midnight
        for marker in list((begun / today).glob("*")):
            marker.rename(begun / day(7) / marker.name)
    (begun / day(40)).mkdir()
    (begun / day(40) / "1.1").touch()
    path = stage.folder / "reports" / f"{oldest}.1.json"
    report = json.loads(path.read_text())
    path.write_text(json.dumps({name: report[name] for name in ("id", "outcome", "result")}))
    report = json.loads((stage.folder / "reports" / f"{large}.1.json").read_text())
    Path(report["result_file"]["path"]).unlink()
