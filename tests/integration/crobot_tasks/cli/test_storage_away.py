"""Commands on a machine where the storage is not mounted: what only steers works, for that is wanted most then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

import celeryconfig
from crobot_tasks.batches.batch import Batch
from crobot_tasks.lifecycle.cancel import cancel
from tests.canvas_tasks import jobs
from tests.command import crobot, document
from tests.processes import Cluster


@pytest.fixture
def waiting(cluster: Cluster) -> Iterator[int]:
    """A job that waits for a node that there is not."""
    job_id = int(document("send", "probe", "--cores", 64)["job"])
    yield job_id
    cancel(job_id)


@pytest.fixture
def away(waiting: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celeryconfig, "crobot_storage", str(tmp_path / "away"))


@pytest.mark.usefixtures("away")
def test_jobs_are_held_moved_released_and_cancelled(waiting: int) -> None:
    assert document("hold", waiting, "--reason", "the storage is away")["changed"] == {"WAITING": 1}
    assert crobot("release", waiting).returncode == 0
    assert crobot("priority", 7, waiting).returncode == 0
    assert document("cancel", waiting)[0]["state"] == "CANCELLED"


@pytest.mark.usefixtures("away")
def test_all_is_paused_and_goes_on() -> None:
    assert crobot("pause", "--all", "--reason", "the storage is away").returncode == 0
    assert crobot("unpause", "--all").returncode == 0


@pytest.mark.usefixtures("away")
def test_a_batch_is_paused_and_cancelled() -> None:
    name = f"batch-{uuid4()}"
    Batch.of([jobs.add.s(1, 2)], name=name)
    assert crobot("batch", "pause", name, "--reason", "the storage is away").returncode == 0
    assert crobot("batch", "cancel", name, "--yes").returncode == 0


@pytest.mark.usefixtures("away")
def test_what_sends_is_refused_with_the_way_out(waiting: int) -> None:
    for command in (["send", "probe"], ["resend", waiting]):
        refused = document(*command, code=1)["error"]
        assert refused["type"] == "BadInput"
        assert "mount it, or correct CROBOT_STORAGE" in refused["message"]
