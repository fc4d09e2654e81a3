"""Where a job stands, in Celery's words: states, what its body says of how far it is, and what results carry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import chord
from celery.result import AsyncResult
from sqlalchemy import text

from crobot_errors import BadInput
from crobot_tasks.broker.progress import META_BYTES
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.cancel import cancel
from db.engine import transaction
from tests import ends
from tests.canvas_tasks import jobs
from tests.command import crobot, document
from tests.processes import PATIENCE_S, Cluster, query, value, wait_for

HALF = {"current": 2, "total": 4}


@pytest.fixture
def waiting(cluster: Cluster) -> Iterator[Any]:
    """A job that waits for longer than the test."""
    result = jobs.add.apply_async((1, 2), countdown=3600)
    yield result
    _put(result, "WAITING")
    cancel(result.job_id)


def _put(result: Any, state: str, **more: Any) -> None:
    values = {"node": "calc09", "outcome": None, "message": None} | more
    with transaction() as session:
        session.execute(
            text("UPDATE crobot.jobs SET state = :state, node = :node, outcome = :outcome, message = :message"
                 " WHERE id = :id"), {"state": state, "id": result.job_id} | values)  # fmt: skip


def stands(task_id: str) -> tuple[str, Any]:
    result = AsyncResult(task_id, app=app)
    return result.state, result.info


def test_an_unknown_task_is_pending_and_so_is_a_job_that_waits(waiting: Any) -> None:
    assert stands("nobody") == ("PENDING", None)
    assert stands(waiting.id) == ("PENDING", None)


def test_a_job_is_received_and_then_started_by_its_node(waiting: Any) -> None:
    _put(waiting, "ROUTED")
    assert stands(waiting.id) == ("RECEIVED", None)
    _put(waiting, "RUNNING")
    assert stands(waiting.id) == ("STARTED", {"hostname": "crobot@calc09"})


def test_a_job_that_is_tried_again_is_in_retry_with_the_reason(waiting: Any) -> None:
    _put(waiting, "WAITING", outcome="out_of_memory", message="jobs.add ran out of memory")
    state, info = stands(waiting.id)
    assert (state, str(info)) == ("RETRY", "jobs.add ran out of memory")
    assert not AsyncResult(waiting.id, app=app).ready()


def test_what_a_body_says_of_how_far_it_is_shows_until_the_end(cluster: Cluster, tmp_path: Path) -> None:
    result = jobs.tell.delay("HALFWAY", HALF, str(tmp_path / "go"))
    wait_for("its progress", lambda: stands(result.id) == ("HALFWAY", HALF))
    assert document("show", result.job_id)["progress"] == {"state": "HALFWAY", "meta": HALF}
    assert "HALFWAY, 2 of 4" in crobot("show", result.job_id).stdout
    assert "HALFWAY, 2 of 4" in crobot("jobs").stdout
    (tmp_path / "go").touch()
    assert result.get(timeout=PATIENCE_S) == "told"
    assert stands(result.id) == ("SUCCESS", "told")
    (row,) = query(
        "SELECT progress_state, progress FROM crobot.attempts WHERE job_id = :id", id=result.job_id
    )
    assert tuple(row) == (None, None)


def test_who_waits_hears_of_progress(cluster: Cluster, tmp_path: Path) -> None:
    heard: list[Any] = []

    def hear(meta: Any) -> None:
        heard.append((meta["status"], meta["result"]))
        (tmp_path / "go").touch()

    result = jobs.tell.delay("HALFWAY", HALF, str(tmp_path / "go"))
    assert result.get(timeout=PATIENCE_S, on_message=hear) == "told"
    assert heard == [("HALFWAY", HALF), ("SUCCESS", "told")]


def test_a_body_without_a_word_for_its_state_is_started(cluster: Cluster, tmp_path: Path) -> None:
    result = jobs.tell.delay(None, {"strain": 7}, str(tmp_path / "go"))
    wait_for("its progress", lambda: stands(result.id) == ("STARTED", {"strain": 7}))
    (tmp_path / "go").touch()
    assert result.get(timeout=PATIENCE_S) == "told"


def test_a_pipeline_tells_which_tool_is_at_work(cluster: Cluster) -> None:
    result = app.tasks["probe"].apply_async(kwargs={"params": {"sleep_s": 600.25}})
    wait_for("the tool", lambda: stands(result.id) == ("STARTED", {"tool": "sleep"}))
    assert "STARTED, tool: sleep" in crobot("show", result.job_id).stdout
    result.revoke()
    ends.ended([result.job_id])
    ends.no_tool(600.25)


@pytest.mark.parametrize(
    ("state", "meta", "why"),
    [
        ("SUCCESS", None, "state SUCCESS is for a job that has ended"),
        ("PROGRESS", "x" * META_BYTES, f"has {META_BYTES + 2} bytes, and may have {META_BYTES}"),
    ],
)
def test_what_a_body_may_not_say_fails_the_job(cluster: Cluster, state: str, meta: Any, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        jobs.tell.delay(state, meta).get(timeout=PATIENCE_S)


def carried(result: AsyncResult) -> dict[str, Any]:
    """What a result carries beside its value, asked for anew."""
    again = AsyncResult(result.id, app=app)
    names = ("name", "args", "kwargs", "worker", "retries", "queue", "children")
    return {name: getattr(again, name) for name in names}


def test_a_result_carries_the_call_and_where_it_ran(cluster: Cluster) -> None:
    result = jobs.add.apply_async((1,), {"y": 2}, retries=1)
    assert result.get(timeout=PATIENCE_S) == 3
    node = value("SELECT node FROM crobot.jobs WHERE id = :id", id=result.job_id)
    expected = {"name": "jobs.add", "args": [1], "kwargs": {"y": 2}, "worker": f"crobot@{node}", "retries": 1,
                "queue": f"node.{node}", "children": []}  # fmt: skip
    assert carried(result) == expected
    assert result.date_done == value("SELECT finished_at FROM crobot.jobs WHERE id = :id", id=result.job_id)


def test_a_result_that_a_chain_goes_on_with_carries_it_too(cluster: Cluster) -> None:
    last = (jobs.add.s(1, 2) | jobs.double.s()).apply_async()
    assert last.get(timeout=PATIENCE_S) == 6
    of_first, of_last = carried(last.parent), carried(last)
    assert (of_first["name"], of_first["args"]) == ("jobs.add", [1, 2])
    assert [child.id for child in of_first["children"]] == [last.id]
    assert (of_last["name"], of_last["args"]) == ("jobs.double", [3])
    meta = app.backend.get_task_meta(last.id)
    assert meta["parent_id"] == last.parent.id
    assert app.backend.get_task_meta(last.parent.id).get("parent_id") is None


@pytest.mark.parametrize("settled_by", ["the database", "Celery"])
def test_a_failure_carries_the_traceback_of_its_body(cluster: Cluster, settled_by: str) -> None:
    single = jobs.fail.delay("no reads") if settled_by == "the database" else None
    result = single or chord([jobs.fail.s("no reads")], jobs.total.s()).apply_async().parent[0]
    with pytest.raises(ValueError, match="no reads"):
        result.get(timeout=PATIENCE_S)
    traceback = AsyncResult(result.id, app=app).traceback
    assert traceback.startswith("Traceback (most recent call last):")
    assert 'raise ValueError(f"cannot work with {x}")' in traceback
    assert "settle" not in traceback
    ends.ended([value("SELECT job_id FROM crobot.settlements WHERE task_id = :id", id=result.id)])
