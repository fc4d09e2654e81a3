"""The policy's file under load, nodes that are shut out, jobs that are poison: seen by what the heads then do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import celeryconfig
from crobot_tasks.operate import explain
from db.crobot.leases import resume
from db.engine import transaction
from tests import ends
from tests.canvas_tasks import jobs
from tests.fault_tasks import strike, trial
from tests.processes import PATIENCE_S, Cluster, Process, value, wait_for

_SHUT_OUT = """
    SELECT quarantine_reason FROM crobot.nodes WHERE name = 'calc01' AND quarantined_at IS NOT NULL"""

#: what a head says once it goes by a new policy
IN_FORCE = "policy.toml is in force"

WriteFile = Callable[[str], None]


@pytest.fixture
def write(site: Cluster) -> Iterator[WriteFile]:
    """Write the heads' policy file; the former text comes back."""
    path = Path(celeryconfig.crobot_policy)
    former = path.read_text()
    yield path.write_text
    path.write_text(former)
    wait_for("the former policy", lambda: in_force() == former)


def in_force() -> str:
    return str(value("SELECT toml FROM crobot.policies ORDER BY id DESC LIMIT 1"))


@pytest.fixture
def put_in_force(head: Process, write: WriteFile) -> WriteFile:
    """Write the policy file, and wait until the head goes by it."""

    def put(text: str) -> None:
        before = head.text().count(IN_FORCE)
        write(text)
        wait_for("the policy to be in force", lambda: head.text().count(IN_FORCE) > before)

    return put


def test_a_policy_that_changes_under_load_is_in_force_without_a_restart(
    site: Cluster, put_in_force: WriteFile
) -> None:
    load = [trial.delay(params={"sleep_s": 0.2}).job_id for _ in range(30)]
    put_in_force("[pipelines.trial]\nretry = { attempts = 1 }\n")
    (row,) = ends.ended([trial.delay(params={"fail": "node"}).job_id])
    assert (row.state, row.attempt) == ("FAILED", 1)
    ends.complete(load)


def test_a_wrong_policy_is_refused_and_the_old_one_stays_also_after_a_restart(
    site: Cluster, head: Process, write: WriteFile, put_in_force: WriteFile
) -> None:
    right = "[pipelines.trial]\nretry = { attempts = 2, delay_s = 0.1 }\n"
    put_in_force(right)
    write("[retry]\nattempts = 'many'\n")
    wait_for("the complaint", lambda: "attempts" in head.text() and "line 2" in head.text())
    head.stop()
    head.start()
    (row,) = ends.ended([trial.delay(params={"fail": "node"}).job_id])
    assert (row.state, row.attempt, in_force()) == ("FAILED", 2, right)


def test_a_node_that_keeps_failing_is_shut_out_until_an_operator_resumes_it(
    site: Cluster, put_in_force: WriteFile
) -> None:
    put_in_force("[quarantine]\nfailures = 3\n[retry]\nattempts = 1\n")
    value("UPDATE crobot.nodes SET drained_at = now() WHERE name = 'calc02' RETURNING name")
    try:
        failed = [trial.delay(params={"fail": "node"}).job_id for _ in range(3)]
        ends.ended(failed)
        reason = wait_for("the quarantine", lambda: value(_SHUT_OUT))
        assert "its last 3 attempts failed" in reason
        waiting = jobs.add.delay(1, 2)
        assert waiting.job_id
        assert "quarantined" in explain.why_waiting(waiting.job_id)
    finally:
        with transaction() as session:
            for node in ("calc01", "calc02"):
                resume(session, node)
    assert waiting.get(timeout=PATIENCE_S) == 3


def test_of_jobs_that_lost_two_processes_one_runs_at_a_time_and_only_the_cause_is_poison(
    site: Cluster,
) -> None:
    guilty = strike.delay("killed").job_id
    innocent = [strike.delay("killed", attempts=2).job_id for _ in range(6)]
    rows = {row.id: row for row in ends.ended([guilty, *innocent])}
    assert (rows[guilty].state, rows[guilty].outcome) == ("FAILED", "poison")
    assert {rows[job_id].state for job_id in innocent} == {"COMPLETE"}
    # A dispatch notes the time at which its transaction began, which may be before the end that it has seen.
    overlaps = value(
        """SELECT count(*) FROM crobot.attempts a JOIN crobot.attempts b ON a.job_id < b.job_id
           WHERE a.number = 3 AND b.number = 3 AND a.job_id = ANY(:ids) AND b.job_id = ANY(:ids)
             AND a.started_at < b.ended_at AND b.started_at < a.ended_at""",
        ids=list(rows),
    )
    assert overlaps == 0
