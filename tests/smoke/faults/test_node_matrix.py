"""Everything that can happen to a node, at every moment of its jobs: each job still ends once, and nothing is left."""

from __future__ import annotations

import signal

import pytest

from tests.smoke.faults.matrix import scenarios
from tests.smoke.faults.stage import NODE_PHASES, Stage

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
