"""In a body `self.request` says of a job what it says of a plain task, and signals of a send are heard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from celery import chord, group, signals

from db.engine import transaction
from tests.canvas_tasks import jobs, note, plain
from tests.processes import PATIENCE_S, Cluster

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00")
#: how it was sent and where it ran; and of a job also what the attempt is
_OF_PLACE = {"hostname", "origin", "delivery_tag", "routing_key", "expiration", "task_id", "_protected"} | {
    "attempt", "attempt_id", "job_id", "crobot", "crobot_message",
}  # fmt: skip

SENDS: dict[str, Callable[[SimpleNamespace], Any]] = {
    "without options": lambda t: t.seen.s(1, a=2),
    "with options": lambda t: t.seen.s(1).set(
        priority=3, shadow="looks like this", retries=2, time_limit=50, soft_time_limit=40
    ),
    "with headers of its own": lambda t: t.seen.s().set(headers={"strain": "SAL_AA0001AA", "zero": 0}),
    "later, and not too late": lambda t: t.seen.s().set(countdown=0.1, expires=1000),
    "with callbacks": lambda t: t.seen.s().set(link=[note.s("a key")], link_error=[note.s("another")]),
    "the second link of a chain": lambda t: t.constant.s(1) | t.seen.s(),
    "the first link of a chain": lambda t: group(t.seen.s(), t.constant.s(1)) | t.constant.s(),
    "members of a group": lambda t: group(t.seen.s(number) for number in range(2)),
    "the body of a chord": lambda t: chord([t.constant.s(1), t.constant.s(2)], t.seen.s()),
    "stamped": lambda t: _stamped(chord([t.seen.s()], t.constant.s())),
}


def _stamped(signature: Any) -> Any:
    signature.stamp(strain="SAL_AA0001AA")
    return signature


def comparable(value: Any, names: dict[str, str]) -> Any:
    """Leave out what says where a body ran, and name ids by the order in which they come."""
    if isinstance(value, dict):
        found = {name: comparable(one, names) for name, one in sorted(value.items()) if name not in _OF_PLACE}
        # what is left of headers of the outbox, too, says nothing
        return {name: one for name, one in found.items() if one not in (None, [], {})}
    if isinstance(value, list):
        return [comparable(one, names) for one in value]
    if isinstance(value, str):
        named = _UUID.sub(lambda found: names.setdefault(found[0], f"id{len(names)}"), value)
        return _TIME.sub("a time", named).replace("plain.", "jobs.")
    return value


@pytest.mark.parametrize("send", SENDS)
def test_a_body_sees_the_request_that_a_plain_task_sees(cluster: Cluster, send: str) -> None:
    seen = [SENDS[send](kind).apply_async().get(timeout=PATIENCE_S) for kind in (jobs, plain)]
    of_job, of_plain = (comparable(one, {}) for one in seen)
    assert of_job == of_plain


def test_the_attempt_stands_beside_the_request(cluster: Cluster) -> None:
    result = jobs.seen.delay()
    seen = result.get(timeout=PATIENCE_S)
    assert (seen["id"], seen["root_id"], seen["correlation_id"]) == (result.id,) * 3
    assert (seen["attempt_id"], seen["job_id"], seen["attempt"]) == (f"{result.job_id}.1", result.job_id, 1)


@pytest.fixture
def listening() -> Iterator[list[tuple[str, str, str]]]:
    """What is heard of sends: the signal, the task, its id."""
    heard: list[tuple[str, str, str]] = []

    def before(sender: str, headers: dict[str, Any], body: Any, **_: Any) -> None:
        headers["trace"] = "0af7651916cd43dd"
        heard.append(("before", sender, headers["id"]))

    def after(sender: str, headers: dict[str, Any], body: Any, **_: Any) -> None:
        heard.append(("after", sender, headers["id"]))

    def sent(sender: str, task_id: str, **_: Any) -> None:
        heard.append(("sent", sender, task_id))

    signals.before_task_publish.connect(before)
    signals.after_task_publish.connect(after)
    signals.task_sent.connect(sent)
    yield heard
    signals.before_task_publish.disconnect(before)
    signals.after_task_publish.disconnect(after)
    signals.task_sent.disconnect(sent)


@pytest.mark.parametrize("kind", [jobs, plain], ids=["jobs", "plain"])
def test_listeners_hear_of_a_send_and_add_headers_that_the_body_sees(
    cluster: Cluster, listening: list[tuple[str, str, str]], kind: SimpleNamespace
) -> None:
    result = kind.seen.delay()
    assert listening == [(word, kind.seen.name, result.id) for word in ("before", "after", "sent")]
    assert result.get(timeout=PATIENCE_S)["headers"] == {"trace": "0af7651916cd43dd"}


def test_a_send_that_is_undone_was_not_sent(cluster: Cluster, listening: list[tuple[str, str, str]]) -> None:
    task_id = str(uuid4())

    def send_and_fail() -> None:
        with transaction():
            jobs.seen.apply_async(task_id=task_id)
            raise RuntimeError("the form is incomplete")

    with pytest.raises(RuntimeError, match="the form is incomplete"):
        send_and_fail()
    assert listening == [("before", jobs.seen.name, task_id)]
