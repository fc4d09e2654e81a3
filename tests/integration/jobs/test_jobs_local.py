"""LocalJobs: processed at once in the same thread, or by a worker of the head."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import pytest
from celery.contrib.testing.worker import start_worker
from sqlalchemy.orm import Session

from crobot_errors import BadInput, UnknownSpecies
from crobot_tasks.celery import app
from crobot_tasks.jobs import LocalJob
from crobot_tasks.jobs import local as local_module
from db.engine import transaction
from tests.processes import wait_for


class NoteJob(LocalJob):
    """Writes the name of the thread that processes it into a file."""

    kind: ClassVar[str] = "note"

    def process_job(self, session: Session) -> None:
        Path(self.context["path"]).write_text(f"{threading.current_thread().name} {self.tag}")


@pytest.fixture
def job(senterica: str, tmp_path: Path) -> NoteJob:
    return NoteJob(type="note", tag="7", database=senterica, context={"path": str(tmp_path / "note")})


def note(job: NoteJob) -> str:
    path = Path(job.context["path"])
    return path.read_text() if path.exists() else ""


def test_a_local_job_is_processed_when_it_is_sent(job: NoteJob) -> None:
    job.send_job()
    assert note(job) == f"{threading.current_thread().name} 7"


def test_a_local_job_with_use_celery_is_rebuilt_in_a_worker(
    job: NoteJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = f"local-{uuid4()}"
    monkeypatch.setattr(local_module, "SETTLE", queue)
    job.use_celery = True
    job.send_job()
    assert note(job) == ""
    with start_worker(app, queues=[queue], pool="solo", perform_ping_check=False, shutdown_timeout=20):
        wait_for("the note", lambda: note(job))
    assert note(job).endswith(" 7")


def send_and_fail(job: NoteJob) -> None:
    with transaction(job.database):
        job.send_job()
        raise BadInput("no")


def test_a_local_job_in_a_transaction_that_fails_is_not_published(
    job: NoteJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = f"local-{uuid4()}"
    monkeypatch.setattr(local_module, "SETTLE", queue)
    job.use_celery = True
    with pytest.raises(BadInput):
        send_and_fail(job)
    assert app.backend.client.llen(queue) == 0
    job.send_job()
    assert app.backend.client.llen(queue) == 1


def test_the_setting_decides_unless_the_object_does(job: NoteJob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.conf, "crobot_use_celery", True)
    job.use_celery = False
    job.send_job()
    assert note(job)


def test_a_local_job_of_a_species_that_is_not_there_is_refused(job: NoteJob) -> None:
    job.database = "yersinia"
    with pytest.raises(UnknownSpecies):
        job.send_job()
