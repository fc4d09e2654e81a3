"""Everything that can happen to a node, at every moment of its jobs: each job still ends once, and nothing is left."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faulty import Site
from tests.smoke.faults.matrix import scenarios
from tests.smoke.faults.mix import Mix
from tests.smoke.faults.stage import NODE_PHASES, Stage


@pytest.fixture
def stage(whole_site: Site, note: Path) -> Iterator[Stage]:
    """One scenario; whatever it held is let go."""
    stage = Stage(whole_site, Mix(note, nap_s=1 + random.randrange(1, 10**6) / 10**6))
    yield stage
    stage.let_go()
    whole_site.broker.proxy.heal()


FAULTS = {
    "whose child is killed": lambda stage: stage.child_killed,
    "whose parent is killed": lambda stage: stage.killed(whole_group=False),
    "that is killed": lambda stage: stage.killed(whole_group=True),
    "that is told to end": lambda stage: stage.told(signal.SIGTERM, whole_group=False),
    "whose processes are all told to end": lambda stage: stage.told(signal.SIGTERM, whole_group=True),
    "that is told to quit": lambda stage: stage.told(signal.SIGQUIT, whole_group=False),
}
CI = {
    ("whose parent is killed", "between"),
    ("that is killed", "reporting"),
}


@pytest.mark.parametrize(("fault", "phase"), scenarios(FAULTS, NODE_PHASES, ci=CI))
def test_a_node(stage: Stage, fault: str, phase: str) -> None:
    stage.play(phase, FAULTS[fault](stage)())


@pytest.mark.parametrize("phase", [pytest.param(phase, marks=pytest.mark.full) for phase in NODE_PHASES])
def test_a_node_that_is_frozen_for_longer_than_its_lease(stage: Stage, impatient: None, phase: str) -> None:
    stage.play(phase, stage.frozen())
