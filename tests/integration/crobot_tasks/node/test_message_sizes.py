"""What nodes send to heads has a bounded size, whatever jobs return."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import celeryconfig
from crobot_tasks.broker.queues import REPORTS
from crobot_tasks.celery import app
from crobot_tasks.node.result_file import NAME
from crobot_tasks.node.spool import MESSAGE_BYTES
from tests import ends
from tests.fault_tasks import wordy
from tests.installation import installation
from tests.processes import Cluster, value, wait_for
from tests.unread import unread
from workers.storage import job_dir

_UNAPPLIED = "SELECT unapplied_reason FROM crobot.attempts WHERE job_id = :id AND ended_at IS NULL"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("large")
    with installation(folder, ("calc01",), CROBOT_LEASE_S="60") as cluster:
        yield cluster


def sent(jobs: int, characters: int) -> list[int]:
    """Jobs that return so many characters."""
    return [wordy.delay(characters).job_id or 0 for _ in range(jobs)]


def message_sizes() -> list[int]:
    return [len(message) for message in app.backend.client.lrange(REPORTS, 0, -1)]


def test_results_travel_together_in_messages_of_bounded_size(site: Cluster) -> None:
    with unread(site, lambda: sent(24, 60_000)) as ids:
        # as they lie in the broker, base64 adds a third
        wait_for("all to be sent", lambda: sum(message_sizes()) > 24 * 60_000)
        sizes = message_sizes()
    assert max(sizes) < 1.4 * MESSAGE_BYTES
    assert [len(row.result["words"]) for row in ends.complete(ids)] == [60_000] * 24


def test_large_results_travel_as_files(site: Cluster) -> None:
    with unread(site, lambda: sent(8, 720_000)) as ids:
        wait_for("a message", message_sizes)
        sizes = message_sizes()
    assert max(sizes) < 20_000
    assert [len(row.result["words"]) for row in ends.complete(ids)] == [720_000] * 8
    assert [one.usage for job_id in ids for one in ends.attempts(job_id)] == [{"peak_memory_bytes": 7}] * 8


def test_a_result_whose_file_shows_late_is_awaited(site: Cluster) -> None:
    with unread(site, lambda: sent(2, 200_000)) as ids:
        file = job_dir(Path(celeryconfig.crobot_storage), ids[0]) / "1" / NAME
        away = file.rename(file.with_name("away"))
    assert str(file) in wait_for("a report that waits", lambda: value(_UNAPPLIED, id=ids[0]))
    ends.complete(ids[1:])
    away.rename(file)
    ends.complete(ids)


def test_a_large_result_comes_to_who_waits_for_it(site: Cluster) -> None:
    assert len(wordy.delay(200_000).get(timeout=60)["words"]) == 200_000
