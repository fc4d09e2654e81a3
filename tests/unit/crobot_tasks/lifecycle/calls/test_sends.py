"""What is sent while it is collected is kept as plain JSON, in order; what is not, is not."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from kombu import Queue

from crobot_errors import BadInput
from crobot_tasks.broker.json_values import revive
from crobot_tasks.lifecycle.calls.sends import Sends, at_once, collected, collecting


def test_nothing_collects_unless_told_to() -> None:
    assert collected() is None
    with collecting(Sends()) as sends:
        assert collected() is sends
        with collecting(Sends()) as inner:
            assert collected() is inner
        with at_once():
            assert collected() is None
        assert collected() is sends
    assert collected() is None


def test_each_thread_collects_for_itself() -> None:
    seen: list[Sends | None] = []
    with collecting(Sends()):
        thread = threading.Thread(target=lambda: seen.append(collected()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_a_call_is_kept_as_json_without_what_belongs_to_the_process() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    sends = Sends()
    options = {"eta": at, "queue": Queue("mine"), "producer": object(), "link": None, "add_to_parent": False}
    arguments = [[1]]
    sends.add("add", (arguments, 2), {"z": at}, "id", options)
    arguments.append([3])
    (send,) = sends.calls
    assert (send.name, send.args, send.task_id) == ("add", [[[1]], 2], "id")
    assert revive(send.options) == {"eta": at, "queue": "mine"}
    assert revive(send.kwargs) == {"z": at}


def test_what_is_no_json_is_refused_where_it_is_sent() -> None:
    with pytest.raises(BadInput, match="args of add"):
        Sends().add("add", (object(),), {}, "id", {})
