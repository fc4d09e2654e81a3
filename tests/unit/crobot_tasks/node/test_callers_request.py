"""The request that a body sees, made of the node's message and of what the head says of the caller."""

from __future__ import annotations

from typing import Any

import pytest
from celery.app.task import Context

from crobot_tasks.node.callers_request import callers_request
from tests.canvas_tasks import jobs

MESSAGE = {
    "id": "17.2",
    "args": [1],
    "kwargs": {},
    "delivery_info": {"routing_key": "node.calc01", "priority": 0},
}
HEADER: dict[str, Any] = {"format": 1, "cores": 2}


def request(**header: Any) -> Context:
    jobs.add.request_stack.push(Context(MESSAGE, crobot=HEADER | header))
    try:
        with callers_request(jobs.add, HEADER | header):
            found: Context = jobs.add.request
        assert jobs.add.request.id == "17.2"
    finally:
        jobs.add.request_stack.pop()
    return found


def test_a_head_of_a_former_version_says_nothing_of_the_caller() -> None:
    found = request()
    assert (found.id, found.root_id, found.attempt_id, found.job_id) == ("17.2", "17.2", "17.2", 17)
    assert (found.headers, found.crobot) == (None, HEADER)


def test_the_callers_priority_counts_and_the_way_is_the_messages() -> None:
    found = request(caller={"id": "a", "priority": 3, "strain": "SAL_AA0001AA"})
    assert found.delivery_info == {"routing_key": "node.calc01", "priority": 3}
    assert (found.id, found.headers) == ("a", {"strain": "SAL_AA0001AA"})
    assert (found.attempt_id, found.attempt) == ("17.2", 2)


def test_the_attempts_request_is_back_when_a_body_raises() -> None:
    def body() -> None:
        with callers_request(jobs.add, HEADER | {"caller": {"id": "a"}}):
            raise ValueError("no reads")

    jobs.add.request_stack.push(Context(MESSAGE))
    try:
        with pytest.raises(ValueError, match="no reads"):
            body()
        assert jobs.add.request.id == "17.2"
    finally:
        jobs.add.request_stack.pop()
