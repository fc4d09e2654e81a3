"""The life of a job on real nodes: capacity, order, times, sends at the same moment, reports that are not ours."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from crobot_errors import BadInput
from crobot_tasks.broker.formats import REPORT_FORMAT, REPORT_FORMATS
from crobot_tasks.celery import app
from crobot_tasks.head.leases import heartbeat, reports
from crobot_tasks.lifecycle.cancel import cancel
from db.engine import transaction
from tests import ends
from tests.canvas_tasks import jobs
from tests.processes import PATIENCE_S, Cluster, query, value, wait_for

#: what a node or head of this version never sends
NEWER = max(REPORT_FORMATS) + 1
_USED = """
    SELECT n.name, n.cores, n.memory_bytes, sum(a.cores) AS used, sum(a.memory_bytes) AS used_bytes
    FROM crobot.attempts a JOIN crobot.nodes n ON n.name = a.node WHERE a.ended_at IS NULL GROUP BY n.name"""

# What still changes by itself: attempts under way, jobs that a node may get, results that are owed.
_UNDER_WAY = """
    SELECT (SELECT count(*) FROM crobot.attempts WHERE ended_at IS NULL)
        + (SELECT count(*) FROM crobot.jobs WHERE finished_at IS NULL AND available_at <= now() AND id <> :but)
        + (SELECT count(*) FROM crobot.settlements s JOIN crobot.jobs j ON j.id = s.job_id
            WHERE j.finished_at IS NOT NULL AND s.settled_at IS NULL)"""

_TABLES = (
    "crobot.jobs",
    "crobot.settlements",
    "(SELECT job_id, number, node, started_at, ended_at, outcome, message FROM crobot.attempts)",
)


@pytest.fixture
def probe(cluster: Cluster) -> Any:
    return app.tasks["probe"]


# --- capacity and order -----------------------------------------------------------------------------------------------


def test_no_node_ever_has_more_than_its_cores_and_memory_take(probe: Any) -> None:
    kinds = [{"cores": 1}, {"cores": 2}, {"cores": 1, "memory_bytes": 3 * 1024**3}]
    ids = [probe.delay(params=kinds[n % 3] | {"sleep_s": 0.2, "expected_s": 60}).job_id for n in range(18)]
    full = 0
    while value("SELECT count(*) FROM crobot.jobs WHERE id = ANY(:ids) AND finished_at IS NULL", ids=ids):
        for node in query(_USED):
            assert node.used <= node.cores
            assert node.used_bytes <= node.memory_bytes
            full += node.used == node.cores
    ends.complete(ids)
    assert full


def test_a_job_that_fits_nowhere_holds_up_none_behind_it(probe: Any) -> None:
    huge = probe.apply_async(kwargs={"params": {"cores": 500}}, priority=0)
    assert probe.delay(params={"value": 3}).get(timeout=PATIENCE_S)["results"] == {"value": 3}
    assert ends.state(huge.job_id) == "WAITING"
    cancel(huge.job_id)


def test_urgent_jobs_go_first(probe: Any, tmp_path: Path) -> None:
    params = {"cores": 2, "sleep_s": 0.1, "expected_s": 60}
    order = [7, 3, 9, 0, 5, 1, 8, 2]
    with transaction():  # all at the same moment
        ids = {
            probe.apply_async(kwargs={"params": params}, priority=priority).job_id: priority
            for priority in order
        }
    ends.complete(ids)
    routed = query(
        "SELECT job_id FROM crobot.attempts WHERE job_id = ANY(:ids) ORDER BY routed_at", ids=list(ids)
    )
    placed = [ids[row.job_id] for row in routed]
    # two nodes are filled by each dispatch, whose attempts have one time
    assert [set(placed[n : n + 2]) for n in (0, 2)] == [{0, 1}, {2, 3}]
    assert placed.index(9) > placed.index(5)


@pytest.mark.parametrize("priority", [-1, 10, "high", 2.5])
def test_a_priority_is_a_whole_number_from_0_to_9(tables: None, priority: Any) -> None:
    with pytest.raises(BadInput, match="priority .* is not a whole number from 0"):
        jobs.add.apply_async((1, 2), priority=priority)


# --- times ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["countdown", "eta"])
def test_a_job_does_not_begin_before_its_time(cluster: Cluster, option: str) -> None:
    when = {"countdown": 0.6, "eta": datetime.now(UTC) + timedelta(seconds=0.6)}[option]
    result = jobs.add.apply_async((1, 2), **{option: when})
    assert result.get(timeout=PATIENCE_S) == 3
    waited = value("SELECT extract(epoch FROM a.routed_at - j.sent_at) FROM crobot.jobs j"
                   " JOIN crobot.attempts a ON a.job_id = j.id WHERE j.id = :id", id=result.job_id)  # fmt: skip
    assert float(waited) >= 0.5


@pytest.mark.parametrize("expires", [1, timedelta(seconds=1)], ids=["seconds", "time"])
def test_a_job_that_could_not_begin_in_time_is_cancelled(probe: Any, expires: Any) -> None:
    given = datetime.now(UTC) + expires if isinstance(expires, timedelta) else expires
    result = probe.apply_async(kwargs={"params": {"cores": 500}}, expires=given)
    (row,) = ends.ended([result.job_id])
    assert (row.state, row.message) == ("CANCELLED", "expired before it began")
    wait_for("the result", lambda: result.state == "REVOKED")


def test_a_job_that_begins_in_time_does_not_expire(probe: Any) -> None:
    result = probe.apply_async(kwargs={"params": {"sleep_s": 1.5}}, expires=600)
    ends.reach(result.job_id, "RUNNING")
    value("UPDATE crobot.jobs SET expires_at = now() WHERE id = :id RETURNING id", id=result.job_id)
    ends.complete([result.job_id])


# --- sends ------------------------------------------------------------------------------------------------------------


def test_sends_for_the_same_thing_at_the_same_moment_are_one_job(cluster: Cluster) -> None:
    key, start = f"same-{uuid4()}", threading.Barrier(20)

    def send(number: int) -> Any:
        start.wait()
        return jobs.add.apply_async((1, 2), job={"unique_key": key}, countdown=600)

    with ThreadPoolExecutor(20) as threads:
        results = list(threads.map(send, range(20)))
    assert len({result.job_id for result in results}) == 1
    assert value("SELECT count(*) FROM crobot.jobs WHERE unique_key = :key", key=key) == 1
    value("UPDATE crobot.jobs SET available_at = now() WHERE unique_key = :key RETURNING id", key=key)
    assert [result.get(timeout=PATIENCE_S) for result in results] == [3] * 20
    again = jobs.add.apply_async((1, 2), job={"unique_key": key})
    assert again.job_id != results[0].job_id
    assert again.get(timeout=PATIENCE_S) == 3


def test_a_send_in_a_transaction_that_is_undone_leaves_nothing(cluster: Cluster) -> None:
    task_id = str(uuid4())
    with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012 (the order is the test)
        result = jobs.add.apply_async((1, 2), task_id=task_id)
        assert ends.state(result.job_id) == "WAITING"
        _ = 1 / 0
    assert query("SELECT 1 FROM crobot.jobs WHERE id = :id", id=result.job_id) == []
    assert query("SELECT 1 FROM crobot.settlements WHERE task_id = :id", id=task_id) == []
    assert jobs.add.apply_async((1, 2), task_id=task_id).get(timeout=PATIENCE_S) == 3


def test_a_send_in_a_transaction_begins_after_its_commit(cluster: Cluster) -> None:
    with transaction():
        sent = [jobs.add.delay(1, 2), jobs.add.delay(3, 4), jobs.add.delay(5, 5)]
        assert sent[0].job_id < sent[1].job_id < sent[2].job_id
    assert [result.get(timeout=PATIENCE_S) for result in sent] == [3, 7, 10]


# --- reports that are not of a live attempt ---------------------------------------------------------------------------


def report(attempt_id: str, **values: Any) -> dict[str, Any]:
    return {"id": attempt_id, "outcome": "ok", "result": "forged"} | values


def message(*sent: Any, **values: Any) -> dict[str, Any]:
    defaults = {
        "format": REPORT_FORMAT,
        "node": "forger",
        "incarnation": "1",
        "running": [],
        "reports": list(sent),
    }
    return defaults | values


def everything(waiting: int = 0) -> set[str]:
    """All rows that a report could change, but for the count of those of ignored ones; nothing else changes them.

    ``waiting`` is a job that no node can take.
    """
    wait_for("jobs of earlier tests", lambda: value(_UNDER_WAY, but=waiting) == 0)
    return {row.line for table in _TABLES for row in query(f"SELECT one::text AS line FROM {table} one")}


@pytest.fixture
def waiting(probe: Any) -> Any:
    """The number of a job that waits."""
    job_id = probe.delay(params={"cores": 500}).job_id
    yield job_id
    cancel(job_id)


@pytest.mark.parametrize(
    "forged",
    [
        lambda job_id: message(report("999999999.1")),
        lambda job_id: message(report(f"{job_id}.1")),
        lambda job_id: message(report(f"{job_id}.0"), report(f"{job_id}"), report(""), report("../../1.1")),
        lambda job_id: message(report("9223372036854775808.1"), report("1.99999")),
        lambda job_id: message(report(f"{job_id}.1", outcome="from the future", message="x")),
        lambda job_id: message(running=[f"{job_id}.1", "999999999.1", "nonsense", ""]),
        lambda job_id: message(report(f"{job_id}.1"), format=NEWER),
        lambda job_id: message(report(f"{job_id}.1"), format=None),
    ],
    ids=[
        "unknown job",
        "unknown attempt",
        "malformed ids",
        "numbers too large",
        "unknown outcome",
        "running",
        "newer format",
        "no format",
    ],
)
def test_a_report_that_is_not_of_a_live_attempt_changes_nothing(waiting: int, forged: Any) -> None:
    before = everything(waiting)
    reports(forged(waiting))
    assert everything(waiting) == before


def test_a_report_of_a_dead_attempt_is_counted_and_changes_nothing(probe: Any) -> None:
    result = probe.delay(params={"value": 1})
    assert result.get(timeout=PATIENCE_S)["results"] == {"value": 1}
    ends.complete([result.job_id])
    (attempt,) = ends.attempts(result.job_id)
    before = everything()
    for ignored in (1, 2):
        reports(message(report(f"{result.job_id}.1", outcome="tool"), node=attempt.node))
        assert ends.attempts(result.job_id)[0].reports_ignored == attempt.reports_ignored + ignored
    assert everything() == before
    assert result.get(timeout=PATIENCE_S)["results"] == {"value": 1}


def test_a_heartbeat_of_a_newer_format_makes_no_node(tables: None) -> None:
    heartbeat(message(format=NEWER))
    assert query("SELECT 1 FROM crobot.nodes WHERE name = 'forger'") == []


def test_an_old_heartbeat_changes_nothing(cluster: Cluster) -> None:
    (node,) = query("SELECT * FROM crobot.nodes WHERE name = 'calc01'")
    old = {name: getattr(node, name) for name in ("pipelines", "memory_bytes", "disk_bytes", "software")} | {
        "missing": {}
    }
    heartbeat(
        message(node="calc01", incarnation=node.incarnation, beat=1, cores=99, queued=0, held=[], **old)
    )
    heartbeat(
        message(node="calc01", incarnation="000000000000001", beat=10**9, cores=99, queued=0, held=[], **old)
    )
    assert value("SELECT cores FROM crobot.nodes WHERE name = 'calc01'") == 2
