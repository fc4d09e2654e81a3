"""LocalJobs: processed at once in the same thread, or by a worker of the head."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

import pytest
from celery.contrib.testing.worker import start_worker
from sqlalchemy.orm import Session

import celeryconfig
from crobot_errors import BadInput, UnknownSpecies
from crobot_tasks.celery import app
from crobot_tasks.intake.genomes import add_assembly
from crobot_tasks.jobs import LocalJob, RejudgeJob
from crobot_tasks.jobs import local as local_module
from crobot_tasks.lifecycle.cancel import cancel
from db.engine import transaction
from db.species import AssemblyStatus, lookups
from db.species.assemblies import find_assembly
from db.species.schemes import find_scheme
from demo.data import DemoData
from tests.command import crobot
from tests.processes import Cluster, query, wait_for


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
    # the level is that of this process from now on, and other tests read warnings in the log
    with start_worker(
        app, queues=[queue], pool="solo", loglevel="warning", perform_ping_check=False, shutdown_timeout=20
    ):
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
    monkeypatch.setattr(celeryconfig, "crobot_use_celery", True)
    job.use_celery = False
    job.send_job()
    assert note(job)


def test_a_local_job_of_a_species_that_is_not_there_is_refused(job: NoteJob) -> None:
    job.database = "yersinia"
    with pytest.raises(UnknownSpecies):
        job.send_job()


# --- a LocalJob of the domain: an assembly is judged again, by what was measured --------------------------------------

GOOD = {"bases": 4_798_660, "contigs": 30, "n50": 165_000, "n_share": 0.0}


@pytest.fixture
def measured(cluster: Cluster, senterica: str, strain: str, demo_data: DemoData) -> str:
    """An assembly that failed by limits which it would pass today; its barcode."""
    barcode = add_assembly(senterica, strain, demo_data.sequenced, send=False).barcode
    with transaction(senterica) as session:
        assembly, scheme = find_assembly(session, barcode), find_scheme(session, "assembly_stats")
        assembly.status = AssemblyStatus.FAILED_QA
        results = {"statistics": GOOD, "qa": {"verdict": "fail", "failed": ["N50"], "measures": []}}
        assembly.stats = results
        lookups.sent(session, assembly.id, scheme.id, 1, "1.0")
        lookups.completed(session, assembly.id, scheme.id, 1, "1.0", results)
    return barcode


@pytest.fixture
def unmeasured(senterica: str, strain: str, demo_data: DemoData) -> str:
    """An assembly without statistics; its barcode."""
    barcode = add_assembly(senterica, f"{strain}, not measured", demo_data.sequenced, send=False).barcode
    with transaction(senterica) as session:
        find_assembly(session, barcode).stats = {}
    return barcode


def status(barcode: str) -> AssemblyStatus:
    with transaction("senterica") as session:
        return find_assembly(session, barcode).status


def verdict(barcode: str) -> str:
    """As the row in assembly_lookup has it."""
    with transaction("senterica") as session:
        assembly, scheme = find_assembly(session, barcode), find_scheme(session, "assembly_stats")
        row = lookups.find_lookup(session, assembly.id, scheme.id)
        assert row is not None
        assert (row.job_count, row.complete_count, row.queued_count) == (1, 1, 0)
        return str(row.results["qa"]["verdict"])


def cancel_jobs_of(barcode: str) -> list[str]:
    """The types of the jobs that were sent for an assembly, now cancelled."""
    found = query("SELECT id, type FROM crobot.jobs WHERE tag = :tag", tag=barcode)
    for job_id, _ in found:
        cancel(job_id)
    return [type_ for _, type_ in found]


def test_an_assembly_that_passes_by_the_limits_of_today_is_typed_at_once(measured: str) -> None:
    RejudgeJob(database="senterica", assembly_barcode=measured).send_job()
    assert (status(measured), verdict(measured)) == (AssemblyStatus.ASSEMBLED, "pass")
    assert "nomenclature:MLST_Achtman" in cancel_jobs_of(measured)


def test_a_worker_of_the_head_judges_an_assembly_and_survives_one_that_cannot_be_judged(
    measured: str, unmeasured: str
) -> None:
    for barcode in (unmeasured, measured):
        job = RejudgeJob(database="senterica", assembly_barcode=barcode)
        job.use_celery = True
        job.send_job()
    sent = "SELECT 1 FROM crobot.jobs WHERE tag = :tag"
    wait_for("what follows on the verdict", lambda: query(sent, tag=measured))
    assert (status(measured), verdict(measured)) == (AssemblyStatus.ASSEMBLED, "pass")
    assert "nomenclature:MLST_Achtman" in cancel_jobs_of(measured)
    assert cancel_jobs_of(unmeasured) == []


def test_an_assembly_that_was_never_measured_cannot_be_judged_and_undoes_the_others(
    measured: str, unmeasured: str
) -> None:
    done = crobot("assembly", "rejudge", "senterica", measured, unmeasured)
    assert done.returncode == 1
    assert f"`crobot send scheme senterica assembly_stats {unmeasured}` makes them" in done.stderr
    assert (status(measured), cancel_jobs_of(measured)) == (AssemblyStatus.FAILED_QA, [])
