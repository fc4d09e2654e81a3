"""A head that does not see, or does not yet see, what nodes wrote: no job fails by it, and people are told why."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crobot_tasks.head.leases import reports
from crobot_tasks.jobs import NomenclatureJob
from db.crobot import LIVE
from tests import ends
from tests.command import document
from tests.installation import installation
from tests.processes import Cluster, query, value, wait_for
from tests.smoke.faults import species
from tests.unread import unread
from workers.storage import MARK, job_dir

_UNAPPLIED = "SELECT unapplied_reason FROM crobot.attempts WHERE job_id = :id AND ended_at IS NULL"
#: less than the time after which a node sends a report again
PATIENCE_S = 3


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("late")
    settings = {"CROBOT_STORAGE_PATIENCE_S": str(PATIENCE_S), "CROBOT_LEASE_S": "60"}
    with installation(folder, ("calc01",), **settings) as cluster:
        species.add(folder)
        # heads know the storage from their first report of a job with files
        ends.complete([species.typing_job().send_job()])
        yield cluster


@contextmanager
def unread_typing(site: Cluster) -> Iterator[tuple[int, Path]]:
    """Send a typing job whose report is read at the end: its number, and its file, of which no head knows."""
    with unread(site, lambda: [species.typing_job().send_job()]) as (job_id,):
        yield job_id, job_dir(storage(site), job_id) / "1" / "alleles.gff"


def storage(site: Cluster) -> Path:
    return Path(site.environment["CROBOT_DATA_DIR"]) / "storage"


def waits(job_id: int) -> str:
    """Wait until the job's report waits; return why."""
    return str(wait_for("a report that waits", lambda: value(_UNAPPLIED, id=job_id)))


def hidden(path: Path) -> Path:
    return path.rename(path.with_name(f"hidden-{path.name}"))


def test_a_file_that_shows_late_makes_no_job_fail(site: Cluster) -> None:
    with unread_typing(site) as (job_id, gff):
        away = hidden(gff)
    assert str(gff) in waits(job_id)
    assert ends.state(job_id) in LIVE
    assert "its report waits since" in document("explain", str(job_id))["why"]
    (waiting,) = document("status")["unapplied"]
    assert (waiting["reports"], waiting["job_ids"]) == (1, [job_id])
    assert str(gff) in waiting["reason"]
    away.rename(gff)
    ends.complete([job_id])
    assert document("status")["unapplied"] == []
    species.check_counters()


def test_a_file_that_never_shows_fails_its_job_which_names_it_and_the_time(site: Cluster) -> None:
    with unread_typing(site) as (job_id, gff):
        hidden(gff)
    waits(job_id)
    ends.reach(job_id, "FAILED")
    (row,) = query("SELECT outcome, message FROM crobot.jobs WHERE id = :id", id=job_id)
    assert row.outcome == "internal"
    why = rf"'{re.escape(str(gff))}' cannot be read here: No such file or directory. The node reported it (\d+) s ago"
    said = re.search(why, row.message)
    assert said, row.message
    assert int(said[1]) >= PATIENCE_S
    species.check_counters()


def test_while_the_storage_is_away_nothing_fails_for_as_long_as_it_takes(site: Cluster) -> None:
    root = storage(site)
    with unread_typing(site) as (job_id, _):
        away = root.rename(root.with_name("unmounted"))
        root.mkdir()  # what a mount point shows
    assert f"no file {MARK}: is it mounted here?" in waits(job_id)
    assert "is it mounted here?" in document("status")["unapplied"][0]["reason"]
    sent_again = (
        "SELECT now() > unapplied_since + make_interval(secs => :s) FROM crobot.attempts WHERE job_id = :id"
    )
    log = site.heads[0].text
    told = log().count("1 report waits to be applied")
    wait_for("the report to come again", lambda: log().count("1 report waits to be applied") > told)
    assert value(sent_again, s=PATIENCE_S, id=job_id)
    assert ends.state(job_id) in LIVE
    root.rmdir()
    away.rename(root)
    ends.complete([job_id])
    species.check_counters()


def test_a_node_that_is_restarted_still_brings_the_report_that_waited(site: Cluster) -> None:
    with unread_typing(site) as (job_id, gff):
        away = hidden(gff)
    waits(job_id)
    site.nodes["calc01"].stop()
    away.rename(gff)
    site.nodes["calc01"].start()
    (row,) = ends.complete([job_id])
    assert row.attempt == 1


_ROUTED = """
    WITH routed AS (
        UPDATE crobot.jobs SET state = 'RUNNING', attempt = 1, node = 'forger' WHERE id = ANY(:ids) RETURNING id)
    INSERT INTO crobot.attempts (job_id, number, node, cores, memory_bytes)
    SELECT id, 1, 'forger', 1, 1 FROM routed RETURNING job_id"""


@pytest.fixture
def routed(site: Cluster) -> list[int]:
    """Two typing jobs that lie, for the heads, at a node of another name."""
    document("pause", "--pipeline", "nomenclature", "--reason", "a test")
    ids = [species.typing_job().send_job() for _ in range(2)]
    query(_ROUTED, ids=ids)
    document("unpause", "--pipeline", "nomenclature")
    return ids


def report(job_id: int, gff: Path) -> dict[str, Any]:
    """What a node of the first version says: format 1, the result within the report."""
    found = {"scheme": "tiny_1", "scheme_version": "1", "alleles": {"one": 1}, "calls": []}
    result = {"results": found, "outputs": {"gff": str(gff)}, "pipeline_version": "4.1"}
    return {"id": f"{job_id}.1", "outcome": "ok", "result": result, "usage": {"peak_memory_bytes": 1.5e6}}


def say(*what: dict[str, Any]) -> None:
    reports({"format": 1, "node": "forger", "incarnation": "1", "running": [], "reports": list(what)})


def written(site: Cluster, job_id: int) -> Path:
    gff = job_dir(storage(site), job_id) / "1" / "alleles.gff"
    gff.parent.mkdir(parents=True)
    gff.write_text("##gff-version 3\n")
    return gff


def test_one_late_file_holds_up_no_other_report_of_its_message(site: Cluster, routed: list[int]) -> None:
    first, second = routed
    late = job_dir(storage(site), first) / "1" / "alleles.gff"
    say(report(first, late), report(second, written(site, second)))
    assert (ends.state(first), ends.state(second)) == ("RUNNING", "COMPLETE")
    written(site, first)
    say(report(first, late))
    assert ends.state(first) == "COMPLETE"
    assert [one.usage["peak_memory_bytes"] for job_id in routed for one in ends.attempts(job_id)] == [
        1_500_000
    ] * 2


def test_no_lock_is_held_while_files_are_read(
    site: Cluster, routed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    read = NomenclatureJob.read_outputs

    def slowly(self: NomenclatureJob, result: dict[str, Any]) -> Any:
        begun.set()
        go_on.wait(20)
        return read(self, result)

    monkeypatch.setattr(NomenclatureJob, "read_outputs", slowly)
    with ThreadPoolExecutor(1) as pool:
        applied = pool.submit(say, *(report(job_id, written(site, job_id)) for job_id in routed))
        try:
            assert begun.wait(20)
            assert (
                len(query("SELECT 1 FROM crobot.jobs WHERE id = ANY(:ids) FOR UPDATE NOWAIT", ids=routed))
                == 2
            )
        finally:
            go_on.set()
        applied.result(30)
    assert [ends.state(job_id) for job_id in routed] == ["COMPLETE", "COMPLETE"]


def test_a_file_of_another_job_is_no_result(site: Cluster, routed: list[int]) -> None:
    first, second = routed
    gff = written(site, second)
    link = written(site, first).with_name("link.gff")
    link.symlink_to(gff)
    say(report(first, link), report(second, gff.parent))
    assert [ends.state(job_id) for job_id in routed] == ["FAILED", "FAILED"]
    said = [value("SELECT message FROM crobot.jobs WHERE id = :id", id=job_id) for job_id in routed]
    assert f"lies outside the job's own folder {job_dir(storage(site), first)}" in said[0]
    assert "is not a regular file" in said[1]
