"""What follows on an assembly is sent once after its commit, whatever happens to storage and database meanwhile."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import celeryconfig
from crobot_errors import OutcomeKind
from crobot_tasks.jobs import following
from crobot_tasks.jobs.following import follow
from crobot_tasks.jobs.stats import send_statistics
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.finishing.endings import Ending
from crobot_tasks.lifecycle.storage.access import reading
from crobot_tasks.lifecycle.storage.mark import why_away
from crobot_tasks.lifecycle.storage.outputs import Outputs
from db import engine, migrate
from db.crobot import JobState
from db.engine import transaction
from db.species import Scheme
from db.species.assemblies import find_assembly
from tests import ends
from tests.processes import query, wait_for
from tests.smoke.faults import species
from workers.storage import MARK

_PASS = {"statistics": {}, "qa": {"verdict": "pass", "failed": [], "measures": []}}
_KEPT = "SELECT id, kwargs FROM crobot.messages WHERE published_at IS NULL"
#: locks that keep others from their work: of rows, once they are written, and the numbering's
_LOCKS = """
    SELECT l.locktype FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE a.datname = current_database() AND l.pid <> pg_backend_pid()
      AND l.locktype IN ('advisory', 'transactionid')"""


@pytest.fixture(scope="module")
def tiny(servers: Any, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The small species, in a database and on a storage that no head works with."""
    migrate.upgrade()
    species.add(tmp_path_factory.mktemp("tiny"))
    assert why_away() == ""


@pytest.fixture
def judged(tiny: None) -> int:
    """A job that judges an assembly of which no scheme was ever sent."""
    barcode = species.typing_job().assembly_barcode
    with transaction(species.SPECIES) as session:
        return send_statistics(species.SPECIES, find_assembly(session, barcode), user_id=7, batch="b1")


@pytest.fixture
def unnumbered(tiny: None) -> int:
    """A typing job, whose result has an allele that nobody knows."""
    return species.typing_job().send_job()


def end(job_id: int, results: dict[str, Any], outputs: Outputs | None = None) -> None:
    """Finish a job, through the one gate that all results take."""
    result = {"results": results, "pipeline_version": "1"}
    ending = Ending(job_id, JobState.COMPLETE, OutcomeKind.OK, result=result, outputs=outputs or Outputs())
    with transaction(species.SPECIES) as session:
        finish.end(session, [ending])


def end_unnumbered(job_id: int) -> None:
    call = {"locus": "one", "status": "new", "sequence": "ATGAAA" + "ACG" * job_id + "TAA"}
    found = {"scheme": "tiny_1", "scheme_version": "1", "alleles": {}, "calls": [call]}
    end(job_id, found, Outputs({"gff": Path("alleles.gff")}, {"gff": ""}))


def kept() -> list[str]:
    """The numbers of the calls that are not done."""
    return [str(row.id) for row in query(_KEPT)]


def call_again() -> None:
    """Do what a head does with the messages of the calls that are not done."""
    for row in query(_KEPT):
        follow(str(row.id), **row.kwargs)


def sent(judged: int) -> list[Any]:
    """The jobs that followed from this one."""
    of_assembly = """
        SELECT f.type, f.user_id, f.batch FROM crobot.jobs j JOIN crobot.jobs f ON f.tag = j.tag AND f.id > j.id
        WHERE j.id = :id"""
    return [tuple(row) for row in query(of_assembly, id=judged)]


def check_sent_once(judged: int) -> None:
    assert kept() == []
    assert sent(judged) == [(f"nomenclature:{species.SCHEME}", 7, "b1")]
    species.check_counters()


@contextmanager
def hanging_storage() -> Iterator[Callable[[], None]]:
    """Whoever looks whether the storage is there waits in the kernel, until he is let go."""
    mark = Path(celeryconfig.crobot_storage) / MARK
    away = mark.rename(mark.with_name("away"))
    os.mkfifo(mark)

    def let_go() -> None:
        with mark.open("w") as pipe:
            away.rename(mark)
            pipe.write(mark.read_text())

    try:
        yield let_go
    finally:
        if away.exists():
            away.rename(mark)


def is_hanging() -> bool:
    return any(thread.name == "storage" for thread in threading.enumerate())


def test_while_the_storage_hangs_nothing_is_locked_and_other_jobs_are_finished(
    judged: int, unnumbered: int
) -> None:
    with ThreadPoolExecutor() as pool, hanging_storage() as let_go:
        ending: Future[None] = pool.submit(end, judged, _PASS)
        wait_for("the end of the job", lambda: ends.state(judged) == "COMPLETE")
        wait_for("somebody who hangs", is_hanging)
        assert query(_LOCKS) == []
        end_unnumbered(unnumbered)
        assert ends.state(unnumbered) == "COMPLETE"
        assert (sent(judged), ending.done()) == ([], False)
        let_go()
        ending.result()
    check_sent_once(judged)


def test_a_storage_that_stalls_keeps_the_call_and_says_so(
    judged: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with hanging_storage() as let_go:
        with monkeypatch.context() as hasty:
            hasty.setattr(following, "reading", partial(reading, stalled_s=0.1))
            end(judged, _PASS)
        assert "waits to be sent: the storage" in caplog.text
        assert len(kept()) == 1
        let_go()
        wait_for("the storage's answer", lambda: not is_hanging())
    call_again()
    check_sent_once(judged)


def test_a_storage_that_is_away_keeps_the_call_for_as_long_as_it_takes(
    judged: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(celeryconfig, "crobot_storage_patience_s", -1)
    with monkeypatch.context() as unmounted:
        unmounted.setattr(celeryconfig, "crobot_storage", str(tmp_path))
        end(judged, _PASS)
        call_again()
    assert caplog.text.count("is it mounted here?") == 2
    assert (ends.state(judged), len(kept())) == ("COMPLETE", 1)
    call_again()
    check_sent_once(judged)


def test_a_file_that_shows_late_is_waited_for_and_not_for_ever(
    judged: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    exports = Path(celeryconfig.crobot_storage) / "schemes"
    hidden = exports.rename(exports.with_name("hidden"))
    exports.touch()  # so no scheme can be written there
    end(judged, _PASS)
    assert "waits to be sent: " in caplog.text
    assert len(kept()) == 1
    monkeypatch.setattr(celeryconfig, "crobot_storage_patience_s", -1)
    call_again()
    assert f"scheme {species.SCHEME} cannot be called on " in caplog.text
    assert (kept(), sent(judged)) == ([], [])
    exports.unlink()
    hidden.rename(exports)


def test_a_call_that_comes_twice_sends_once(judged: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as dying:
        dying.setattr("crobot_tasks.lifecycle.sending.kept_calls._call", lambda *_: None)
        end(judged, _PASS)
    (call,) = query(_KEPT)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: follow(str(call.id), **call.kwargs), range(4)))
    follow(str(call.id), **call.kwargs)
    check_sent_once(judged)


def test_a_database_that_is_away_keeps_the_call(
    judged: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr("crobot_tasks.lifecycle.sending.kept_calls._call", lambda *_: None)
        end(judged, _PASS)
    (call,) = query(_KEPT)
    former = engine.configure(lambda: "postgresql+psycopg2://nobody@localhost:1/nowhere")
    try:
        follow(str(call.id), **call.kwargs)
    finally:
        engine.configure(former)
    assert "crobot.follow is called again, since what it needs is away: PostgreSQL" in caplog.text
    call_again()
    check_sent_once(judged)


def test_a_scheme_that_cannot_be_called_keeps_no_other_from_being_sent(
    judged: int, caplog: pytest.LogCaptureFixture
) -> None:
    with transaction(species.SPECIES) as session:
        session.add(Scheme(description="Odd", name="Odd", param={"pipeline": "nomenclature"}))
    end(judged, _PASS)
    assert "scheme Odd cannot be called on " in caplog.text
    check_sent_once(judged)
