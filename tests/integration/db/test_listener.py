"""A listener hears what is committed, on its channel, also after it was cut off."""

from collections.abc import Iterator

import pytest

from db.engine import notify, transaction
from db.listener import Listener
from tests.integration.db.test_engine import kill_other_connections
from tests.processes import PATIENCE_S

pytestmark = pytest.mark.usefixtures("database_url")


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener("tidings") as heard:
        assert heard.wait(5), "the first wait connects, and says so"
        yield heard


def test_a_listener_that_another_thread_wakes_waits_no_longer(listener: Listener) -> None:
    listener.wake()
    assert not listener.wait(PATIENCE_S * 10)
    assert not listener.wait(0.05), "one wait is ended, and not the next"


def test_a_listener_hears_a_commit_and_nothing_before(listener: Listener) -> None:
    with transaction() as session:
        notify(session, "tidings")
        assert not listener.wait(0.05)
    assert listener.wait(5)
    assert not listener.wait(0)


def test_a_listener_hears_only_its_channel(listener: Listener) -> None:
    with transaction() as session:
        notify(session, "other")
    assert not listener.wait(0.05)


def test_a_listener_connects_again_after_it_was_cut_off(listener: Listener) -> None:
    kill_other_connections()
    assert listener.wait(5), "what was missed is unknown, so it says that something may have happened"
    with transaction() as session:
        notify(session, "tidings")
    assert listener.wait(5)
