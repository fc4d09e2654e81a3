"""What a body sends, what takes its place, and its other tries: the same as with plain tasks, and never half."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from celery import chord, group
from celery.result import AsyncResult, result_from_tuple
from redis.exceptions import RedisError

from crobot_errors import OutcomeKind
from crobot_tasks.celery import app
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.calls.sends import Sends, collecting
from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.lifecycle.finishing.continuation import Continuation
from crobot_tasks.lifecycle.finishing.report import Report
from crobot_tasks.lifecycle.settling.result_backend import ResultStore
from tests import ends
from tests.body_tasks import ends as ends_once
from tests.body_tasks import jobs, many, plain
from tests.canvas_tasks import jobs as canvas
from tests.canvas_tasks import note
from tests.canvas_tasks import plain as plain_canvas
from tests.processes import PATIENCE_S, Cluster, query, value, wait_for

Made = Callable[[SimpleNamespace, SimpleNamespace], Any]

KINDS = {"jobs": (jobs, canvas), "plain": (plain, plain_canvas)}
_OF_BATCH = "SELECT * FROM crobot.jobs WHERE batch = :key ORDER BY id"


def outcome(made: Made, kind: str) -> Any:
    """The value, or the error's type and text."""
    result = made(*KINDS[kind]).apply_async()
    try:
        return result.get(timeout=PATIENCE_S)
    except TimeoutError:
        raise
    except Exception as error:  # noqa: BLE001 (the comparison is the test)
        return type(error).__name__, str(error).replace(str(result.id), "ID").replace(f"{kind}.", "")


AGAIN: dict[str, tuple[Made, Any]] = {
    "as often as it may": (lambda b, c: b.again.s(2), 2),
    "in a chain": (lambda b, c: b.again.s(1) | c.double.s(), 2),
    "in a chord": (lambda b, c: chord([b.again.s(2), c.add.s(1, 1)], c.total.s()), 4),
    "more often than the task may": (lambda b, c: b.again.s(3, max_retries=5), 3),
    "with other arguments": (lambda b, c: b.counted_down.s(3), [0, "321", 3]),
    "after an error that Celery answers so": (lambda b, c: b.tried.s(2), 2),
}


@pytest.mark.parametrize("name", AGAIN)
def test_a_body_is_run_again_as_it_asks(cluster: Cluster, name: str) -> None:
    made, expected = AGAIN[name]
    assert outcome(made, "jobs") == expected
    assert outcome(made, "plain") == expected


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (lambda b, c: b.again.s(3), "MaxRetriesExceededError"),
        (lambda b, c: b.again.s(3, fails=True), "ValueError"),
        (lambda b, c: b.again.s(3, max_retries=1), "MaxRetriesExceededError"),
        (lambda b, c: b.tried.s(3), "KeyError"),
    ],
    ids=["by itself", "with its own error", "by this call", "by an error"],
)
def test_a_body_is_not_run_more_often_than_it_may(cluster: Cluster, made: Made, error: str) -> None:
    found = outcome(made, "jobs")
    assert found[0] == error
    assert found == outcome(made, "plain")


def test_a_body_is_run_again_when_it_asks_and_no_node_is_to_blame(cluster: Cluster) -> None:
    result = jobs.again.apply_async((2,), {"countdown": 0.7})
    assert result.get(timeout=PATIENCE_S) == 2
    tries = ends.attempts(result.job_id)
    assert [attempt.outcome for attempt in tries] == ["retry", "retry", "ok"]
    waits = [(after.routed_at - before.ended_at).total_seconds() for before, after in pairwise(tries)]
    assert min(waits) >= 0.7
    assert value("SELECT request->>'retries' FROM crobot.jobs WHERE id = :id", id=result.job_id) == "2"


def test_a_body_that_waits_for_its_next_try_can_be_cancelled(cluster: Cluster) -> None:
    result = jobs.again.apply_async((1,), {"countdown": 600})
    wait_for(
        "the first try", lambda: ends.attempts(result.job_id)[:1] and ends.state(result.job_id) == "WAITING"
    )
    result.revoke()
    (row,) = ends.ended([result.job_id])
    assert (row.state, row.attempt) == ("CANCELLED", 1)


REPLACED: dict[str, tuple[Made, Any]] = {
    "a task": (lambda b, c: b.replaces.s(c.add.s(20, 1)), 21),
    "a task, in a chain": (lambda b, c: b.replaces.s(c.add.s(20, 1)) | c.double.s(), 42),
    "a chain": (lambda b, c: b.replaces.s(c.add.s(20, 1) | c.double.s()) | c.double.s(), 84),
    "a group": (lambda b, c: b.replaces.s(group(c.add.s(n, n) for n in range(3))) | c.total.s(), 6),
    "a group of one": (lambda b, c: b.replaces.s(group(c.add.s(1, 1))), [2]),
    "a chain that ends in a group, and nothing behind it": (
        lambda b, c: b.replaces.s(c.constant.s(1) | group(c.add.s(1), c.double.s())),
        [2, 2],
    ),
    "a chain that ends in a group": (
        lambda b, c: b.replaces.s(c.constant.s(1) | group(c.add.s(1), c.double.s())) | c.total.s(),
        4,
    ),
    "a chord": (lambda b, c: b.replaces.s(chord([c.add.s(1, 1), c.add.s(2, 2)], c.total.s())), 6),
    "a chord, in a chord": (
        lambda b, c: chord(
            [b.replaces.s(chord([c.add.s(1, 1), c.add.s(2, 2)], c.total.s())), c.constant.s(5)], c.total.s()
        ),
        11,
    ),
    "a task that is replaced": (lambda b, c: b.replaces.s(b.replaces.s(c.add.s(1, 2))) | c.double.s(), 6),
    "a task in a group": (lambda b, c: group(b.replaces.s(c.add.s(n, n)) for n in range(2)), [0, 2]),
    "a task that fails": (
        lambda b, c: b.replaces.s(c.fail.s(3)) | c.double.s(),
        ("ValueError", "cannot work with 3"),
    ),
    "a task that is run again": (lambda b, c: b.replaces.s(b.again.s(1)) | c.double.s(), 2),
}


@pytest.mark.parametrize("name", REPLACED)
def test_another_takes_a_bodys_place(cluster: Cluster, name: str) -> None:
    made, expected = REPLACED[name]
    assert outcome(made, "jobs") == expected
    assert outcome(made, "plain") == expected


def test_a_replaced_job_is_at_work_until_what_took_its_place_has_ended(cluster: Cluster) -> None:
    later = canvas.add.s(1, 2).set(countdown=2)
    result = jobs.replaces.delay(later | canvas.double.s())
    ends.complete([result.job_id])
    assert AsyncResult(result.id, app=app).state == "STARTED"
    assert result.get(timeout=PATIENCE_S) == 6


def test_an_errback_hears_of_what_took_the_place(cluster: Cluster) -> None:
    key = f"noted-{uuid4()}"
    jobs.replaces.apply_async((canvas.fail.s(1),), link_error=note.si(key))
    wait_for("the errback", lambda: app.backend.client.llen(key) == 1)


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_body_adds_tasks_to_its_chord(cluster: Cluster, kind: str, lazy: bool) -> None:
    bodies, tasks = KINDS[kind]
    header = [
        bodies.extended.s(tasks.add.s(5, 5), lazy=lazy),
        bodies.extended.s(tasks.add.s(6, 6)),
        tasks.add.s(1, 1),
    ]
    assert chord(header, tasks.total.s()).apply_async().get(timeout=PATIENCE_S) == 1 + 1 + 2 + 10 + 12


SENT: dict[str, tuple[Made, Any]] = {
    "a task": (lambda b, c: c.add.s(1, 2), 3),
    "a task that is run again": (lambda b, c: b.again.s(1), 1),
    "a chain": (lambda b, c: c.add.s(1, 2) | c.double.s(), 6),
    "a chord": (lambda b, c: chord([c.add.s(1, 1), c.add.s(2, 2)], c.total.s()), 6),
    "a chord of groups": (
        lambda b, c: chord(
            [c.constant.s(1) | group(c.add.s(1), c.add.s(2)), c.constant.s(7)], c.constant.s()
        ),
        [[2, 3], 7],
    ),
    "a chord in a chain": (lambda b, c: c.constant.s(3) | group(c.double.s(), c.add.s(1)) | c.total.s(), 10),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SENT)
def test_what_a_body_sends_runs_when_it_has_returned(cluster: Cluster, name: str, kind: str) -> None:
    bodies, tasks = KINDS[kind]
    made, expected = SENT[name]
    task_id = bodies.sent.delay(made(bodies, tasks)).get(timeout=PATIENCE_S)
    assert AsyncResult(task_id, app=app).get(timeout=PATIENCE_S) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_may_return_the_result_of_what_it_has_sent(cluster: Cluster, kind: str) -> None:
    bodies, tasks = KINDS[kind]
    sent = bodies.returned.delay(group([tasks.add.s(1, 2), tasks.double.s(4)])).get(timeout=PATIENCE_S)
    assert result_from_tuple(sent, app=app).get(timeout=PATIENCE_S) == [3, 8]


def test_a_job_sends_plain_tasks_and_they_send_jobs(cluster: Cluster) -> None:
    task_id = jobs.sent.delay(plain.sent.s(canvas.add.s(1, 2))).get(timeout=PATIENCE_S)
    task_id = AsyncResult(task_id, app=app).get(timeout=PATIENCE_S)
    assert AsyncResult(task_id, app=app).get(timeout=PATIENCE_S) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_knows_what_its_body_sent(cluster: Cluster, kind: str) -> None:
    bodies, tasks = KINDS[kind]
    result = bodies.sent.delay(tasks.add.s(1, 2))
    child = result.get(timeout=PATIENCE_S)
    assert [one.id for one in AsyncResult(result.id, app=app).children] == [child]


def test_a_body_that_sends_thousands_of_jobs(cluster: Cluster) -> None:
    key = f"many-{uuid4()}"
    result = many.delay(key, 5000)
    assert result.get(timeout=PATIENCE_S) == 5000
    sent = query(_OF_BATCH, key=key)
    assert sorted(row.args[0] for row in sent) == list(range(5000))
    cancel_each(row.id for row in sent)


@pytest.mark.parametrize("how", ["killed", "again", "memory"])
def test_what_an_attempt_sent_that_did_not_end_well_does_not_exist(cluster: Cluster, how: str) -> None:
    key = f"ends-{uuid4()}"
    result = ends_once.delay(key, how)
    assert result.get(timeout=PATIENCE_S) == "sent"
    assert [attempt.outcome == "ok" for attempt in ends.attempts(result.job_id)] == [False, True]
    sent = query(_OF_BATCH, key=key)
    assert [row.args for row in sent] == [[0, 1], [1, 1], [2, 1]]
    ends.complete([row.id for row in sent])
    wait_for("the plain task", lambda: app.backend.client.llen(key) == 1)


def test_a_body_that_fails_has_sent_nothing_and_the_log_has_the_names(cluster: Cluster) -> None:
    key = f"ends-{uuid4()}"
    result = ends_once.delay(key, "fails")
    with pytest.raises(ValueError, match="no luck"):
        result.get(timeout=PATIENCE_S)
    assert query(_OF_BATCH, key=key) == []
    assert not app.backend.client.exists(key)
    names = f"attempt {result.job_id}.1 failed: what it sent is not sent: jobs.add × 3, plain.note × 1"
    assert sum(names in node.text() for node in cluster.nodes.values()) == 1


@pytest.mark.parametrize("sends", [lambda: canvas.add.s(1, 2), lambda: group([canvas.add.s(1, 2)] * 2)])
@pytest.mark.parametrize("how", ["get", "forget"])
def test_nobody_waits_in_a_body_for_what_it_has_sent(cluster: Cluster, sends: Any, how: str) -> None:
    with pytest.raises(Exception, match="Return, and let a chain or a chord go on with the results"):
        jobs.asks.delay(sends(), how).get(timeout=PATIENCE_S)


def test_what_a_body_has_sent_is_pending_in_it(cluster: Cluster) -> None:
    assert jobs.asks.delay(canvas.add.s(1, 2), "state").get(timeout=PATIENCE_S) == "PENDING"


@pytest.mark.parametrize(
    ("signature", "why"),
    [
        (lambda: canvas.add.s(1), "missing 1 required positional argument: 'y'"),
        (lambda: app.tasks["probe"].s(params={"fail": "nonsense"}), "nonsense"),
    ],
    ids=["arguments", "parameters"],
)
def test_a_body_hears_at_once_that_what_it_sends_cannot_work(
    cluster: Cluster, signature: Any, why: str
) -> None:
    with pytest.raises(Exception, match=why):
        jobs.sent.delay(signature()).get(timeout=PATIENCE_S)


@pytest.fixture
def routed(tables: None) -> Iterator[Report]:
    """A report that says that a job's attempt sent a chord, and is over."""
    parked = canvas.add.apply_async((1, 2), countdown=600)
    at_work = (
        "UPDATE crobot.jobs SET state = 'RUNNING', attempt = 1, node = 'nowhere' WHERE id = :id RETURNING id"
    )
    value(at_work, id=parked.job_id)
    with collecting(Sends()) as sends:
        chord([canvas.add.si(1, 1).set(job={"batch": parked.id})] * 2, canvas.total.s()).apply_async(
            countdown=600
        )
    yield Report(parked.job_id, 1, OutcomeKind.OK, node="nowhere", continuation=Continuation(sends))
    cancel_each([parked.job_id, *(row.id for row in query(_OF_BATCH, key=parked.id))])


def sent_by(report: Report) -> list[Any]:
    return query(_OF_BATCH, key=report.continuation.sends.calls[0].options["job"]["batch"])


def test_an_accepted_report_waits_while_the_result_store_is_away(
    routed: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise RedisError("away")

    with monkeypatch.context() as patched:
        patched.setattr(ResultStore, "set_chord_size", away)
        assert finish.apply([routed]) == {routed.key}
    assert (ends.state(routed.job_id), sent_by(routed)) == ("RUNNING", [])
    assert finish.apply([routed]) == set()
    assert (ends.state(routed.job_id), len(sent_by(routed))) == ("COMPLETE", 2)


def test_what_was_sent_by_an_attempt_that_does_not_count_is_never_sent(
    routed: Report, caplog: pytest.LogCaptureFixture
) -> None:
    for other in (replace(routed, number=2), replace(routed, node="elsewhere")):
        assert finish.apply([other]) == set()
    assert (ends.state(routed.job_id), sent_by(routed)) == ("RUNNING", [])
    assert f"attempt {routed.job_id}.2 does not count: what it sent is not sent: jobs.add × 2" in caplog.text


def test_a_report_that_comes_twice_sends_once(routed: Report) -> None:
    for _ in range(2):
        assert finish.apply([routed]) == set()
    assert len(sent_by(routed)) == 2


def test_a_job_that_a_body_sent_and_that_cannot_work_ends_with_the_reason(routed: Report) -> None:
    (member, *_) = routed.continuation.sends.calls
    odd = replace(member, options=member.options | {"job": {"type": "no such type"}})
    finish.apply([replace(routed, continuation=Continuation(Sends([odd])))])
    # the sender ended well, and whoever waits for what it sent hears why that cannot work
    assert ends.state(routed.job_id) == "COMPLETE"
    assert "no such type" in value(
        "SELECT j.message FROM crobot.jobs j JOIN crobot.settlements s ON s.job_id = j.id WHERE s.task_id = :id",
        id=member.task_id,
    )
