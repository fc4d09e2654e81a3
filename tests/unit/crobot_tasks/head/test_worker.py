"""The order in which a dispatcher works: whoever has just sent a job waits for the dispatch, and for no chore."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crobot_tasks.head import worker
from crobot_tasks.head.dispatch import Dispatched


class Heard:
    """A listener that hears what a test says, and then ends the dispatcher."""

    def __init__(self, heard: Iterator[bool], dispatcher: worker.Dispatcher) -> None:
        self._heard, self._dispatcher = heard, dispatcher

    def wait(self, timeout_s: float) -> bool:
        heard = next(self._heard, None)
        if heard is None:
            self._dispatcher._stopping.set()
        return bool(heard)

    def close(self) -> None:
        pass


def did(monkeypatch: pytest.MonkeyPatch, *heard: bool) -> list[str]:
    """What a dispatcher did that heard something, or did not, after each round; chores are always due."""
    done: list[str] = []
    dispatcher = worker.Dispatcher(None)
    monkeypatch.setattr(dispatcher, "_listener", Heard(iter(heard), dispatcher))
    monkeypatch.setattr(worker, "CHORES_S", 0.0)
    monkeypatch.setattr(worker.Chores, "do", lambda self: done.append("chores"))

    def dispatch() -> Dispatched:
        done.append("dispatch")
        return Dispatched()

    monkeypatch.setattr(worker, "dispatch", dispatch)
    dispatcher._run()
    return done


def test_the_first_dispatch_knows_what_the_chores_have_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    assert did(monkeypatch)[:2] == ["chores", "dispatch"]


def test_a_job_that_was_just_sent_waits_for_no_chore(monkeypatch: pytest.MonkeyPatch) -> None:
    assert did(monkeypatch, True)[3:5] == ["dispatch", "chores"]
