"""A broker that forgets everything or dies, a database that cuts every connection: all jobs end, each once."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest
from celery import chord

import celeryconfig
from crobot_tasks import embedded
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.cancel import cancel
from crobot_tasks.lifecycle.settling.result_backend import MARK
from tests import ends
from tests.fault_tasks import noted, trial
from tests.processes import PATIENCE_S, Cluster, query, value, wait_for

_DONE = "SELECT count(*) FROM crobot.jobs WHERE id = ANY(:ids) AND state = 'COMPLETE'"
_SETTLED_OF_CHORDS = """
    SELECT count(*) FROM crobot.settlements WHERE chord_id IS NOT NULL AND settled_at > now() - interval '5 seconds'"""
_CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""


def test_a_broker_that_forgets_everything_costs_no_job(site: Cluster, note: Path, nap_s: float) -> None:
    tag = {"note": str(note)}
    running = [trial.delay(params=tag | {"sleep_s": 1.5}).job_id for _ in range(2)]
    for job_id in running:
        ends.reach(job_id, "RUNNING")
    waiting = [noted.delay(str(note)).job_id for _ in range(60)]
    wait_for("some to have ended", lambda: value(_DONE, ids=waiting) > 5)
    app.backend.client.flushall()
    ends.complete([*running, *waiting])
    assert set(ends.lines(note).values()) == {1}
    for job_id in running:
        assert len(ends.attempts(job_id)) == 1


def test_cancelling_works_after_the_broker_forgot_everything(site: Cluster, nap_s: float) -> None:
    job_id = trial.delay(params={"sleep_s": nap_s}).job_id
    ends.tool(nap_s)
    app.backend.client.flushall()
    cancel(job_id)
    ends.no_tool(nap_s)
    assert [row.state for row in ends.ended([job_id])] == ["CANCELLED"]


def test_a_broker_that_is_killed_and_comes_back_empty_costs_no_job(site: Cluster, note: Path) -> None:
    data_dir = Path(celeryconfig.crobot_data_dir)
    sleeping = trial.delay(params={"note": str(note), "sleep_s": 4}).job_id
    ends.reach(sleeping, "RUNNING")
    others = [noted.delay(str(note)).job_id for _ in range(40)]
    wait_for("some to have ended", lambda: value(_DONE, ids=others) > 5)
    valkey = next(server for server in embedded.status(data_dir).servers if server.name == "valkey")
    assert valkey.pid
    process = psutil.Process(valkey.pid)
    os.kill(valkey.pid, signal.SIGKILL)
    wait_for("its end", lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    assert embedded.servers(data_dir).broker_url == app.conf.broker_url
    ends.complete([sleeping, *others])
    assert set(ends.lines(note).values()) == {1}
    assert len(ends.attempts(sleeping)) == 1


def test_a_database_that_cuts_all_connections_again_and_again_costs_no_job(site: Cluster, note: Path) -> None:
    ids = [noted.delay(str(note)).job_id for _ in range(150)]
    for share in (10, 50, 90):
        wait_for(f"{share} to have ended", lambda share=share: value(_DONE, ids=ids) >= share)
        wait_for("connections to cut", lambda: query(_CUT))
    ends.complete(ids)
    assert set(ends.lines(note).values()) == {1}


@pytest.mark.parametrize("forgets", ["everything", "what came last"])
def test_a_chord_is_answered_once_though_the_broker_forgot_some_of_its_results(
    site: Cluster, note: Path, forgets: str
) -> None:
    wait_for("the broker to be known", lambda: value("SELECT results_seen_at FROM crobot.monitoring"))
    slow = [trial.s(params={"sleep_s": 3, "expected_s": 60}) for _ in range(2)]
    members = [*(noted.s(str(note), number) for number in range(6)), *slow]
    body = chord(members)(noted.si(str(note), "body"))
    wait_for("some results", lambda: value(_SETTLED_OF_CHORDS) >= 4)
    if forgets == "everything":
        app.backend.client.flushall()
    else:
        app.backend.client.delete(MARK, *app.backend.client.keys("celery-taskset-meta-*"))
    assert body.get(timeout=PATIENCE_S) == "body"
    ends.complete([body.job_id or job_of(body.id)])
    assert value("SELECT count(*) FROM crobot.settlements WHERE task_id = :id", id=body.id) == 1


def job_of(task_id: str) -> int:
    return int(value("SELECT job_id FROM crobot.settlements WHERE task_id = :id", id=task_id))
