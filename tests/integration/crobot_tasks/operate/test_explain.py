"""`crobot explain`: why a job waits, whose turn is before, when it may begin, and why a job ran where it ran."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.cancel import cancel
from crobot_tasks.operate.explain import why_each_waits
from db.engine import engine
from tests import ends
from tests.command import document
from tests.processes import Cluster, value

EXPECTED_S = 30.0
_RESERVED = text("UPDATE crobot.jobs SET reserved_on = 'calc01', delayed_s = 2 WHERE id = :job_id")


@pytest.fixture
def probe(cluster: Cluster) -> Any:
    return app.tasks["probe"]


@pytest.fixture
def full(probe: Any) -> Iterator[list[int]]:
    """Jobs that fill both nodes, and are expected to take half a minute."""
    params = {"sleep_s": 300, "expected_s": EXPECTED_S, "cores": 2}
    ids = [probe.delay(params=params).job_id for _ in range(2)]
    for job_id in ids:
        ends.reach(job_id, "RUNNING")
    yield ids
    for job_id in ids:
        cancel(job_id)
    ends.ended(ids)


def test_a_waiting_job_says_what_each_node_lacks_and_when_it_may_begin(full: list[int], probe: Any) -> None:
    first, second = (probe.delay(params={"cores": 2, "expected_s": 20}).job_id for _ in range(2))
    found = document("explain", first)
    assert "0 of 2 cores free, the job needs 2 on calc01, calc02" in found["why"]
    assert found["nodes"].keys() >= {"calc01", "calc02"}
    assert found["own_ahead"] == 0
    assert EXPECTED_S / 2 < found["starts_in_s"] <= EXPECTED_S
    assert document("explain", second)["own_ahead"] == 1
    for job_id in (first, second):
        cancel(job_id)


def test_a_job_with_a_reserved_node_says_by_how_much_more_urgent_jobs_may_delay_it(
    full: list[int], probe: Any
) -> None:
    job_id, urgent_id = (
        probe.apply_async(kwargs={"params": {"cores": 2, "expected_s": 20}}, priority=priority).job_id
        for priority in (5, 1)
    )
    with Session(engine()) as session:
        session.execute(_RESERVED, {"job_id": job_id})
        why = why_each_waits(session, [job_id, urgent_id])
        session.rollback()
    assert why[job_id].endswith(
        "; calc01 is kept free for it, and more urgent jobs may delay it by up to 3 s"
    )
    for one in (job_id, urgent_id):
        cancel(one)


def test_the_turn_of_another_user_is_told(full: list[int], probe: Any) -> None:
    others = [probe.apply_async(kwargs={"params": {"cores": 2}}, job={"user_id": n}).job_id for n in (71, 72)]
    mine = probe.apply_async(kwargs={"params": {"cores": 2}}, priority=9).job_id
    assert document("explain", mine)["owners_ahead"] >= 2
    for job_id in (*others, mine):
        cancel(job_id)


def test_a_job_that_nobody_can_run_has_no_time_to_begin(probe: Any) -> None:
    job_id = probe.delay(params={"cores": 500}).job_id
    found = document("explain", job_id)
    assert found["starts_in_s"] is None
    assert found["nodes"].keys() >= {"calc01", "calc02"}
    assert "has 2 cores in all, the job needs 500 cores" in found["why"]
    cancel(job_id)


def test_a_job_that_ran_says_why_it_ran_there(probe: Any) -> None:
    job_id = probe.delay().job_id
    ends.complete([job_id])
    (attempt,) = document("explain", job_id)["attempts"]
    assert attempt["node"] == value("SELECT node FROM crobot.jobs WHERE id = :id", id=job_id)
    assert "2 of 2 cores free" in attempt["reason"]
