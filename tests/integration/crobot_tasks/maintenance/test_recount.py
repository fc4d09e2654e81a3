"""A recount finds what does not agree with the jobs, each planted here, and puts right what the jobs say how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from crobot_tasks.batches.batch import Batch
from crobot_tasks.intake.reads import send_reads
from crobot_tasks.jobs import AssemblyJob
from crobot_tasks.lifecycle.cancel import cancel
from crobot_tasks.maintenance.recount import recount
from tests.canvas_tasks import jobs
from tests.command import crobot, document
from tests.integration.crobot_tasks.batches.test_batch import over
from tests.integration.crobot_tasks.jobs.test_following import HUGE
from tests.processes import Cluster, query, value


@pytest.fixture(autouse=True)
def nothing_differs(cluster: Cluster, senterica: str) -> Iterator[None]:
    """What other tests and this one leave agrees with the jobs."""
    yield
    assert list(recount()) == []


@pytest.fixture
def parked(senterica: str, strain: str) -> Iterator[AssemblyJob]:
    """An assembly job that waits: no node has so many cores."""
    job = send_reads(senterica, strain, [[f"ERR{uuid4().int % 10**9:09d}"]], params=HUGE)
    yield job
    cancel(job.number)


def change(sql: str, **values: Any) -> None:
    assert query(f"{sql} RETURNING 1", **values)


def found(*, repair: bool) -> list[tuple[str, str, str, str, bool]]:
    return [(one.table, one.which, one.has, one.should, one.repaired) for one in recount(repair=repair)]


def test_the_log_of_all_jobs(parked: AssemblyJob) -> None:
    change("UPDATE system.user_jobs SET status = 'COMPLETE' WHERE job_id = :id", id=parked.number)
    expected = ("user_jobs", f"job {parked.number}", "COMPLETE", "QUEUED")
    assert found(repair=False) == [(*expected, False)]
    assert found(repair=True) == [(*expected, True)]


def test_a_line_that_is_missing_in_the_log(parked: AssemblyJob) -> None:
    change("DELETE FROM system.user_jobs WHERE job_id = :id", id=parked.number)
    assert found(repair=True) == [("user_jobs", f"job {parked.number}", "no line", "QUEUED", True)]
    accession = value("SELECT accession FROM system.user_jobs WHERE job_id = :id", id=parked.number)
    assert accession == parked.tag


@pytest.mark.parametrize("live", [-1, 2])
def test_live_jobs_of_an_assembly(assembled: tuple[str, str], live: int) -> None:
    row = value("""
        SELECT l.id FROM senterica.assembly_lookup l JOIN senterica.assemblies a ON a.id = l.assembly_id
        WHERE a.barcode = :barcode""", barcode=assembled[1])  # fmt: skip
    before = value("SELECT status FROM senterica.assembly_lookup WHERE id = :id", id=row)
    change(
        "UPDATE senterica.assembly_lookup SET queued_count = :live, status = 'QUEUED' WHERE id = :id",
        live=live,
        id=row,
    )
    [(table, _, has, should, repaired)] = found(repair=True)
    assert (table, has, should, repaired) == ("assembly_lookup", f"{live} live, QUEUED", "0 live", True)
    [after] = query("SELECT queued_count, status FROM senterica.assembly_lookup WHERE id = :id", id=row)
    assert tuple(after) == (0, before)


def test_the_count_of_a_slice() -> None:
    batch = over(Batch.of([jobs.add.s(1, 1)], name=f"batch-{uuid4()}").name)
    change("""
        UPDATE crobot.batch_slices s SET ends = '[{"state": "FAILED", "outcome": "tool", "items": 1, "cpu_s": 0}]'
        FROM crobot.batches b WHERE b.id = s.batch_id AND b.name = :name""", name=batch.name)  # fmt: skip
    assert batch.standing().failed == 1
    assert [one[:2] for one in found(repair=True)] == [("batches", f"{batch.name}, slice 1")]
    assert over(batch.name).standing().complete == 1


def test_the_command_says_it_and_ends_with_1(parked: AssemblyJob) -> None:
    assert "agrees" in crobot("recount").stdout
    change("UPDATE system.user_jobs SET status = 'FAILED' WHERE job_id = :id", id=parked.number)
    told = crobot("recount")
    assert told.returncode == 1
    assert f"job {parked.number}" in told.stdout
    assert document("recount", "--repair")[0]["repaired"] is True
