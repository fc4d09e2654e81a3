"""Heads that die between two steps, freeze and wake up later, or go without a clock: what follows is done once."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.dying import STEPS
from tests.installation import TASKS
from tests.processes import Process, value, wait_for
from tests.smoke.faults.matrix import scenarios
from tests.smoke.faults.scene import PHASES, Scene

HEAD = [sys.executable, "-m", "crobot_tasks.cli", "head"]
_LIVE = "SELECT count(*) FROM crobot.jobs WHERE finished_at IS NULL"
_ENDED = "SELECT count(*) FROM crobot.attempts WHERE ended_at IS NOT NULL"


def start_head(scene: Scene, name: str, **environment: str) -> Process:
    """Start one more head."""
    cluster = scene.site.cluster
    process = Process(name, HEAD, cluster.folder, **cluster.environment | environment)
    wait_for(f"{name}, see {process.log}", lambda: "ready." in process.text())
    return process


@contextmanager
def one_more_head(scene: Scene) -> Iterator[Process]:
    process = start_head(scene, "head2")
    yield process
    process.stop()


@pytest.mark.parametrize(
    "step",
    scenarios(
        STEPS,
        ci={
            ("dispatch committed, no message sent",),
            ("settling, chord told",),
        },
    ),
)
def test_a_head_that_dies_at(scene: Scene, step: str) -> None:
    (head,) = scene.site.cluster.heads
    head.stop()
    dying = start_head(scene, "dying", DIE_AT=step, CROBOT_IMPORTS=f"{TASKS},tests.dying")
    try:
        scene.mix.send()
        scene.mix.send_called()
        wait_for("its death", lambda: dying.status == "exited")
    finally:
        dying.stop()
    head.start()
    scene.check()


@pytest.mark.parametrize(
    "phase", scenarios([phase for phase in PHASES if phase != "idle"], ci={("running",)})
)
def test_a_head_that_is_killed(scene: Scene, phase: str) -> None:
    @contextmanager
    def killed() -> Iterator[None]:
        scene.site.cluster.heads[0].kill()
        yield
        scene.site.cluster.heads[0].start()

    scene.play(phase, killed())


@pytest.mark.parametrize("phase", scenarios(PHASES, ci=()))
def test_two_heads_of_which_one_freezes_for_longer_than_a_lease(scene: Scene, phase: str) -> None:
    """The frozen one wakes up with an old view: of leases, of transactions that it had open, of what it read.

    What it has locked is free again after `idle_in_transaction_session_timeout` of `db.engine.OURS`.
    """

    @contextmanager
    def frozen(head: Process) -> Iterator[None]:
        head.kill(signal.SIGSTOP)
        before = value(_ENDED)
        yield
        if phase != "idle":
            wait_for("the other head to work", lambda: value(_ENDED) > before + 5 or value(_LIVE) == 0)
        time.sleep(4)  # longer than the lease that these heads go by
        head.kill(signal.SIGCONT)

    first = scene.site.cluster.heads[0]
    first.stop()
    patient, first.environment = first.environment, first.environment | {"CROBOT_LEASE_S": "3"}
    first.start()
    with one_more_head(scene) as second:
        scene.play(phase, frozen(second))
    first.stop()
    first.environment = patient
    first.start()


@pytest.mark.parametrize("phase", scenarios(("running", "reporting", "sending"), ci=()))
def test_beat_that_stops_for_longer_than_a_lease(scene: Scene, phase: str) -> None:
    @contextmanager
    def without_beat() -> Iterator[None]:
        beat = scene.site.cluster.beat
        beat.stop()
        yield
        time.sleep(6)
        beat.start()

    scene.play(phase, without_beat())


@pytest.mark.parametrize("phase", scenarios(("running", "reporting"), ci=()))
def test_no_head_for_longer_than_a_lease_costs_no_attempt(scene: Scene, phase: str) -> None:
    """Silence that nobody could hear is not the nodes' fault."""
    head = scene.site.cluster.heads[0]
    patient = head.environment

    @contextmanager
    def none() -> Iterator[None]:
        head.stop()
        head.environment = patient | {"CROBOT_LEASE_S": "3"}
        yield
        time.sleep(5)
        head.start()

    scene.play(phase, none())
    head.stop()
    head.environment = patient
    head.start()
    lost = "SELECT count(*) FROM crobot.attempts WHERE job_id = ANY(:ids) AND outcome = 'node_lost'"
    assert value(lost, ids=list(scene.mix.wanted)) == 0


def test_two_heads_under_a_mix_do_each_thing_once(scene: Scene) -> None:
    with one_more_head(scene):
        scene.mix.send_many(100)
        scene.mix.send()
        scene.check()
    tries = "SELECT count(*) FROM crobot.attempts WHERE job_id = ANY(:ids) AND outcome = 'node_lost'"
    assert value(tries, ids=list(scene.mix.wanted)) == 0
