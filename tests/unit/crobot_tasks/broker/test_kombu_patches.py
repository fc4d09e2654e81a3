"""A worker's loop, and a signal that comes while it waits."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest
from kombu.asynchronous import Hub

from crobot_tasks.broker.kombu_patches import wake


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A loop that has begun, and has nothing to do for an hour."""
    reader, writer = os.pipe()
    hub = Hub()
    hub.call_later(3600, lambda: None)
    hub.add_reader(reader, os.read, reader, 1)
    loop = hub.create_loop()
    hub.turn = lambda: next(loop)
    os.write(writer, b".")
    hub.turn()
    yield hub
    hub.close()
    os.close(reader)
    os.close(writer)


def test_a_loop_that_waits_is_woken_by_a_handler_of_a_signal(hub: Hub) -> None:
    former = signal.signal(signal.SIGUSR2, lambda *_: wake(hub))
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR2))
    timer.start()
    hub.turn()
    timer.join()
    signal.signal(signal.SIGUSR2, former)


def test_a_loop_that_has_not_begun_needs_no_wake() -> None:
    wake(Hub())
    wake(None)
