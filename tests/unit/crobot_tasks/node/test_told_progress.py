"""What bodies say of how far they are is sent once, again after a while, and forgotten when they end."""

from __future__ import annotations

from pathlib import Path

import pytest

from crobot_tasks.broker.progress import Progress
from crobot_tasks.node.told_progress import LOOK_S, REPEAT_S, ToldProgress

FIRST, SECOND = Progress("HALFWAY", {"of": 2}), Progress("NEARLY", None)
SENT = {"id": "17.1", "state": "HALFWAY", "meta": {"of": 2}}


@pytest.fixture
def told(tmp_path: Path) -> ToldProgress:
    """Attempt 17.1 has said something."""
    told = ToldProgress(tmp_path)
    told.tell("17.1", FIRST)
    return told


def at_work() -> list[str]:
    return ["17.1"]


def test_it_is_sent_once_and_again_when_it_changes_or_may_be_lost(told: ToldProgress) -> None:
    assert told.due(at_work, 10.0) == [SENT]
    assert told.due(at_work, 10.0 + LOOK_S) == []
    assert told.due(at_work, 10.0 + REPEAT_S) == [SENT]
    told.tell("17.1", SECOND)
    assert told.due(at_work, 12.0 + REPEAT_S) == [{"id": "17.1", "state": "NEARLY", "meta": None}]


def test_it_is_not_looked_for_all_the_time(told: ToldProgress) -> None:
    assert told.due(at_work, 10.0) == [SENT]
    told.tell("17.1", SECOND)
    assert told.due(at_work, 10.0 + LOOK_S / 2) == []


def test_a_broker_that_was_away_is_told_again(told: ToldProgress) -> None:
    assert told.due(at_work, 10.0) == [SENT]
    told.unsent()
    assert told.due(at_work, 10.0 + LOOK_S) == [SENT]


def test_the_word_of_an_attempt_that_has_ended_is_removed(told: ToldProgress, tmp_path: Path) -> None:
    (tmp_path / "progress" / "17.1.tmp").touch()  # its process was killed when it wrote
    assert told.due(list, 10.0) == []
    assert list((tmp_path / "progress").iterdir()) == []
