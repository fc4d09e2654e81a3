"""Time limits that a sender sets end a body as Celery ends a plain task's, and no other attempt gets more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded

from crobot_errors import BadInput
from crobot_tasks.celery import app
from crobot_tasks.operate.resend import resend
from tests import ends
from tests.canvas_tasks import jobs, plain
from tests.processes import PATIENCE_S, Cluster, value

LONG_S = 100.0


@pytest.mark.parametrize("kind", [jobs, plain], ids=["jobs", "plain"])
def test_a_body_that_catches_its_soft_limit_goes_on(cluster: Cluster, kind: Any) -> None:
    assert kind.nap.delay(LONG_S, catch=True).get(timeout=PATIENCE_S) == "interrupted"


@pytest.mark.parametrize("kind", [jobs, plain], ids=["jobs", "plain"])
def test_a_body_that_does_not_catch_it_fails_by_it(cluster: Cluster, kind: Any) -> None:
    with pytest.raises(SoftTimeLimitExceeded):
        kind.nap.delay(LONG_S).get(timeout=PATIENCE_S)


@pytest.mark.parametrize("kind", [jobs, plain], ids=["jobs", "plain"])
def test_the_limit_of_a_call_goes_before_that_of_its_task(cluster: Cluster, kind: Any) -> None:
    assert kind.nap.apply_async((1.5,), soft_time_limit=LONG_S).get(timeout=PATIENCE_S) == "slept"


def test_a_limit_of_the_sender_is_the_last_word(cluster: Cluster) -> None:
    result = jobs.nap.delay(LONG_S)
    (row,) = ends.ended([result.job_id])
    assert (row.state, row.outcome, row.attempt) == ("FAILED", "time_limit", 1)
    assert "the limit is the sender's, so no attempt gets more time" in row.message


@pytest.mark.parametrize("kind", [jobs, plain], ids=["jobs", "plain"])
def test_a_function_is_killed_at_its_hard_limit(cluster: Cluster, kind: Any, tmp_path: Path) -> None:
    never = str(tmp_path / "never")
    result = kind.tell.apply_async((None, None, never), time_limit=1)
    with pytest.raises(TimeLimitExceeded):
        result.get(timeout=PATIENCE_S)


def test_a_pipeline_is_interrupted_and_its_tools_are_ended(cluster: Cluster) -> None:
    seconds = LONG_S + 0.11
    result = app.tasks["probe"].apply_async(kwargs={"params": {"sleep_s": seconds}}, soft_time_limit=1)
    with pytest.raises(SoftTimeLimitExceeded):
        result.get(timeout=PATIENCE_S)
    (row,) = ends.ended([result.job_id])
    assert (row.state, row.outcome, row.attempt) == ("FAILED", "time_limit", 1)
    ends.no_tool(seconds)


def test_a_job_that_is_sent_again_keeps_its_limits(cluster: Cluster) -> None:
    first = jobs.nap.apply_async((0.0,), time_limit=50, soft_time_limit=40.5)
    ends.complete([first.job_id])
    again = resend(first.job_id).job_id
    ends.complete([again])
    limits = "SELECT request->'timelimit' FROM crobot.jobs WHERE id = :id"
    assert value(limits, id=again) == value(limits, id=first.job_id) == [50, 40.5]


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"soft_time_limit": "soon"}, "soft_time_limit 'soon' is not a number of seconds above 0"),
        ({"soft_time_limit": -1}, "soft_time_limit -1 is not a number of seconds above 0"),
        ({"time_limit": True}, "time_limit True is not a number of seconds above 0"),
        ({"soft_time_limit": 9, "time_limit": 3}, "soft_time_limit 9 is more than time_limit 3"),
    ],
)
def test_limits_that_cannot_be_are_refused(tables: None, limits: dict[str, Any], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        jobs.add.apply_async((1, 2), **limits)
