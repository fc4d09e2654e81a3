"""Beat: small, and what it sends, its own orders and tasks of somebody's own schedule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from crobot_tasks.broker.beat_scheduler import Scheduler
from crobot_tasks.broker.queues import HEARTBEATS, queue
from crobot_tasks.celery import app
from tests import ends
from tests.canvas_tasks import jobs
from tests.processes import PATIENCE_S, Cluster, value, wait_for


@pytest.fixture
def scheduler(tables: None, tmp_path: Path) -> Iterator[Scheduler]:
    made = Scheduler(app=app, schedule_filename=str(tmp_path / "schedule"))
    yield made
    made.close()


def due(task: str, **options: Any) -> Any:
    """An entry of a schedule."""
    return Scheduler.Entry("a test", task, schedule=timedelta(minutes=1), options=options, app=app)


def test_beat_loads_neither_database_nor_what_calculates(cluster: Cluster) -> None:
    before = value("SELECT heartbeats_read_at FROM crobot.monitoring")
    wait_for(
        "beat to be at work", lambda: value("SELECT heartbeats_read_at FROM crobot.monitoring") != before
    )
    loaded = {Path(region.path).parts for region in psutil.Process(cluster.beat.pid).memory_maps()}
    packages = {part for parts in loaded for part in parts}
    assert "psutil" in packages
    assert packages & {"sqlalchemy", "numpy"} == set()


def test_an_order_to_the_heads_goes_into_its_queue(scheduler: Scheduler) -> None:
    name = f"test.{uuid4()}"
    scheduler.apply_entry(due("crobot.unknown_here", queue=name, ignore_result=True), scheduler.producer)
    with app.connection_for_write() as connection:
        taken = connection.SimpleQueue(queue(name))
        message = taken.get(timeout=PATIENCE_S)
        message.ack()
        taken.queue.delete()
    assert message.headers["task"] == "crobot.unknown_here"
    assert message.headers["celery_beat_task"] is True
    assert message.headers["ignore_result"] is True


def test_a_job_of_somebodys_own_schedule_is_parked_and_runs(scheduler: Scheduler, cluster: Cluster) -> None:
    sent = scheduler.send_task(jobs.add.name, (2, 3), {}, producer=scheduler.producer)
    ends.complete([sent.job_id])
    scheduler.apply_entry(due(jobs.add.name, task_id=str(uuid4())), scheduler.producer)


def test_a_store_that_forgets_by_itself_is_not_cleaned_and_another_is(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "celery.backend_cleanup" not in scheduler.schedule
    monkeypatch.setattr(type(app), "results_expire", False)
    monkeypatch.setattr(type(app.backend), "supports_autoexpire", False)
    scheduler.install_default_entries(scheduler.schedule)
    assert "celery.backend_cleanup" in scheduler.schedule
    assert HEARTBEATS in {entry.options.get("queue") for entry in scheduler.schedule.values()}
