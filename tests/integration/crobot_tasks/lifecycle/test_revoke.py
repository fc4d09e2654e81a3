"""Celery's revoke, by all its ways, cancels jobs in the database; chains and chords end as those of plain tasks do."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery, chain, chord, group
from celery.exceptions import TaskRevokedError
from celery.result import AsyncResult, GroupResult, ResultSet

from crobot_errors import BadInput
from crobot_tasks.broker.formats import attempt_id
from crobot_tasks.celery import app
from crobot_tasks.lifecycle import revoke
from db.engine import transaction
from tests import ends
from tests.canvas_tasks import jobs, note, plain, revoking
from tests.processes import PATIENCE_S, Cluster, query, value, wait_for

LATER = {"countdown": 600}
KINDS = pytest.mark.parametrize("kind", [jobs, plain], ids=["jobs", "plain"])


def foreign() -> Celery:
    """Another program's app on the same broker, which has none of our code."""
    return Celery(broker=app.conf.broker_url, set_as_current=False)


def command(*arguments: str) -> None:
    """Run Celery's own command."""
    celery = [sys.executable, "-m", "celery", "-b", app.conf.broker_url, "control", "--timeout", "5"]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    subprocess.run([*celery, *arguments], check=True, capture_output=True, env=environment)


def live_attempt(result: Any) -> str:
    """The id by which Flower knows what runs."""
    ends.reach(result.job_id, "RUNNING")
    number = value("SELECT attempt FROM crobot.jobs WHERE id = :id", id=result.job_id)
    return attempt_id(result.job_id, number)


WAYS: dict[str, Callable[[Any], Any]] = {
    "the send's result": lambda result: result.revoke(),
    "AsyncResult": lambda result: AsyncResult(result.id, app=app).revoke(),
    "AsyncResult, which terminates and waits": lambda result: AsyncResult(result.id, app=app).revoke(
        terminate=True, wait=True, timeout=1
    ),
    "control": lambda result: app.control.revoke(result.id),
    "control with many": lambda result: app.control.revoke([str(uuid4()), result.id]),
    "control, which terminates": lambda result: app.control.terminate(result.id),
    "GroupResult": lambda result: GroupResult(str(uuid4()), [result], app=app).revoke(),
    "ResultSet": lambda result: ResultSet([AsyncResult(result.id, app=app)], app=app).revoke(),
    "a foreign app": lambda result: foreign().control.revoke([result.id]),
    "a foreign app, which terminates": lambda result: foreign().control.terminate(result.id, signal="KILL"),
    "Celery's command": lambda result: command("revoke", result.id),
    "Celery's command, which terminates": lambda result: command("terminate", "KILL", result.id),
    "a node": lambda result: revoking.delay(result.id).get(timeout=PATIENCE_S),
}
BY_STAMP: dict[str, Callable[[str], Any]] = {
    "control": lambda stamp: app.control.revoke_by_stamped_headers({"isolate": [stamp, "another"]}),
    "AsyncResult": lambda stamp: AsyncResult("any", app=app).revoke_by_stamped_headers(
        {"isolate": stamp}, terminate=True),
    "a foreign app": lambda stamp: foreign().control.revoke_by_stamped_headers({"isolate": [stamp]}),
    "Celery's command": lambda stamp: command("revoke_by_stamped_headers", f"isolate={stamp}"),
}  # fmt: skip


def check_cancelled(*results: Any) -> None:
    rows = ends.ended([result.job_id for result in results])
    assert {(row.state, row.outcome, row.message) for row in rows} == {("CANCELLED", "cancelled", "revoked")}
    for result in results:
        assert AsyncResult(result.id, app=app).state == "REVOKED"
        with pytest.raises(TaskRevokedError, match="revoked"):
            result.get(timeout=PATIENCE_S)


def running(nap_s: float) -> Any:
    """A job whose tool is at work."""
    result = app.tasks["probe"].delay(params={"sleep_s": nap_s})
    ends.tool(nap_s)
    ends.reach(result.job_id, "RUNNING")
    return result


@pytest.mark.parametrize(("number", "way"), list(enumerate(WAYS)), ids=WAYS)
def test_every_way_cancels_a_job_that_waits_and_one_that_runs(
    cluster: Cluster, number: int, way: str
) -> None:
    nap_s = 3000.5 + number
    both = [jobs.add.apply_async((1, 2), **LATER), running(nap_s)]
    for result in both:
        WAYS[way](result)
    ends.no_tool(nap_s)
    check_cancelled(*both)
    assert len(ends.attempts(both[1].job_id)) == 1


def test_what_flower_shows_of_a_job_stands_for_the_job(cluster: Cluster) -> None:
    ours, theirs = running(3100.5), running(3101.5)
    app.control.revoke(live_attempt(ours), terminate=True)
    foreign().control.revoke(live_attempt(theirs), terminate=True)
    ends.no_tool(3100.5)
    ends.no_tool(3101.5)
    check_cancelled(ours, theirs)
    assert [len(ends.attempts(result.job_id)) for result in (ours, theirs)] == [1, 1]


@pytest.mark.parametrize("way", BY_STAMP)
def test_a_stamp_cancels_the_jobs_that_have_it_and_those_that_are_parked_later(
    cluster: Cluster, way: str
) -> None:
    stamp, other = str(uuid4()), str(uuid4())

    def stamped(with_it: str, **options: Any) -> Any:
        signature = jobs.add.s(1, 2)
        signature.stamp(isolate=with_it, run=7)
        return signature.apply_async(**options)

    hit, spared = [stamped(stamp, **LATER), stamped([other, stamp], **LATER)], stamped(other, countdown=1)
    BY_STAMP[way](stamp)
    check_cancelled(*hit)
    check_cancelled(stamped(stamp))
    assert spared.get(timeout=PATIENCE_S) == 3


def test_a_stamp_cancels_a_link_that_is_sent_later(cluster: Cluster) -> None:
    stamp, second = str(uuid4()), jobs.double.s()
    second.stamp(isolate=stamp)
    last = (jobs.add.s(1, 2).set(countdown=1) | second | jobs.double.s()).apply_async()
    app.control.revoke_by_stamped_headers({"isolate": [stamp]})
    assert ending(last) == "TaskRevokedError"
    assert (last.parent.parent.state, last.parent.state, last.state) == ("SUCCESS", "REVOKED", "PENDING")


def test_a_stamp_that_cannot_be_kept_is_refused(cluster: Cluster) -> None:
    with pytest.raises(BadInput, match="use a shorter one"):
        app.control.revoke_by_stamped_headers({"isolate": "x" * 10_000})


def test_a_group_is_revoked_in_bulk(cluster: Cluster) -> None:
    result = group(jobs.add.s(n, n) for n in range(600)).apply_async(**LATER)
    result.revoke()
    ids = [member.job_id for member in result]
    # one transaction for some hundred of them has one time
    times = query("SELECT DISTINCT finished_at FROM crobot.jobs WHERE id = ANY(:ids)", ids=ids)
    assert len(times) == 2
    check_cancelled(*result.results[:3], *result.results[-3:])
    assert {row.state for row in ends.ended(ids)} == {"CANCELLED"}


def test_all_jobs_that_were_sent_under_one_task_id_are_cancelled(cluster: Cluster) -> None:
    task_id = str(uuid4())
    results = [jobs.add.apply_async((n, 2), task_id=task_id, **LATER) for n in range(3)]
    app.control.revoke(task_id)
    assert len({result.job_id for result in results}) == 3
    check_cancelled(*results)


def test_revoking_again_or_too_late_changes_nothing(cluster: Cluster) -> None:
    over = jobs.add.delay(1, 2)
    assert over.get(timeout=PATIENCE_S) == 3
    for revoked_by in (app, foreign()):
        revoked_by.control.revoke(over.id)
    waiting = jobs.add.apply_async((1, 2), **LATER)
    for _ in range(2):
        waiting.revoke()
    check_cancelled(waiting)
    assert AsyncResult(over.id, app=app).get(timeout=PATIENCE_S) == 3
    assert ends.state(over.job_id) == "COMPLETE"


# --- what goes on with a revoked task, over jobs and over plain tasks -------------------------------------------------


def ending(result: Any) -> str:
    """How `.get()` ends."""
    try:
        return f"returned {result.get(timeout=PATIENCE_S)}"
    except TimeoutError:
        raise
    except Exception as error:  # noqa: BLE001 (which one is what is compared)
        return type(error).__name__


@pytest.fixture(params=["our app", "a foreign app"])
def control(request: pytest.FixtureRequest, cluster: Cluster) -> Any:
    return (app if request.param == "our app" else foreign()).control


@KINDS
def test_a_chain_whose_first_link_is_revoked_does_not_go_on(control: Any, kind: SimpleNamespace) -> None:
    key = f"noted-{uuid4()}"
    last = chain(kind.add.s(1, 2).set(countdown=2), kind.double.s(), note.si(key)).apply_async()
    second, first = last.parent, last.parent.parent
    control.revoke(first.id)
    wait_for("the end of the first link", lambda: first.state == "REVOKED")
    assert ending(last) == "TaskRevokedError"
    settled(first)
    assert (second.state, last.state) == ("PENDING", "PENDING")
    assert not app.backend.client.exists(key)


@KINDS
def test_a_link_that_is_not_sent_yet_is_revoked_and_what_is_behind_it_does_not_come(
    control: Any, kind: SimpleNamespace
) -> None:
    last = chain(kind.add.s(1, 2).set(countdown=2), kind.double.s(), kind.double.s()).apply_async()
    second, first = last.parent, last.parent.parent
    control.revoke(second.id)
    wait_for("the second link", lambda: second.state == "REVOKED")
    assert first.get(timeout=PATIENCE_S) == 3
    settled(second)
    assert ending(last) == "TaskRevokedError"
    assert (second.state, last.state) == ("REVOKED", "PENDING")


@KINDS
def test_a_chord_with_a_revoked_member_fails_and_calls_its_errback(
    control: Any, kind: SimpleNamespace
) -> None:
    key = f"noted-{uuid4()}"
    body = kind.total.s().on_error(note.si(key))
    result = chord([kind.add.s(1, 1), kind.add.s(2, 2).set(countdown=2)], body).apply_async()
    one, other = result.parent.results
    control.revoke(other.id)
    wait_for("the body", lambda: result.state == "FAILURE")
    assert (one.state, other.state) == ("SUCCESS", "REVOKED")
    assert ending(result) == "TaskRevokedError"  # the member's; what the body ended with is its own result
    assert str(result.result) == f"Dependency {other.id} raised TaskRevokedError('revoked')"
    wait_for("the errback", lambda: app.backend.client.llen(key) == 1)


@KINDS
def test_a_revoked_body_of_a_chord_never_runs_and_its_members_do(control: Any, kind: SimpleNamespace) -> None:
    key = f"noted-{uuid4()}"
    body = kind.total.s()
    body.link(note.si(key))
    result = chord([kind.add.s(1, 1), kind.add.s(2, 2).set(countdown=2)], body).apply_async()
    control.revoke(result.id)
    wait_for("the body", lambda: result.state == "REVOKED")
    assert result.parent.get(timeout=PATIENCE_S) == [2, 4]
    settled(result)
    assert (ending(result), result.state) == ("TaskRevokedError", "REVOKED")
    assert not app.backend.client.exists(key)


@KINDS
def test_a_revoked_header_ends_its_chord(control: Any, kind: SimpleNamespace) -> None:
    result = chord([kind.add.s(n, n).set(countdown=2) for n in range(3)], kind.total.s()).apply_async()
    control.revoke([member.id for member in result.parent])
    wait_for("the body", lambda: result.state == "FAILURE")
    assert [member.state for member in result.parent] == ["REVOKED"] * 3
    assert (ending(result.parent), ending(result)) == ("TaskRevokedError", "TaskRevokedError")
    assert type(result.result).__name__ == "ChordError"


def settled(result: Any) -> None:
    """Wait until a job is over and settled; of a plain task nobody can know more than its state."""
    if job_id := owner(result.id):
        ends.ended([job_id])


def owner(task_id: str) -> int | None:
    return value("SELECT job_id FROM crobot.settlements WHERE task_id = :id", id=task_id)


# --- jobs that several have sent --------------------------------------------------------------------------------------


def test_whoever_revokes_a_joined_job_leaves_it_to_the_others(cluster: Cluster) -> None:
    options = {"job": {"unique_key": f"same-{uuid4()}"}, "countdown": 2}
    first, second, third = (jobs.add.apply_async((1, 2), **options) for _ in range(3))
    assert {second.job_id, third.job_id} == {first.job_id}
    first.revoke()
    second.revoke()
    assert ends.state(third.job_id) == "WAITING"
    with pytest.raises(TaskRevokedError, match="revoked"):
        first.get(timeout=PATIENCE_S)
    assert third.get(timeout=PATIENCE_S) == 3
    check_cancelled(app.tasks["jobs.add"].AsyncResult(first.id), app.tasks["jobs.add"].AsyncResult(second.id))
    assert ends.state(third.job_id) == "COMPLETE"


def test_a_joined_job_that_all_revoke_is_cancelled(cluster: Cluster) -> None:
    options = {"job": {"unique_key": f"same-{uuid4()}"}, **LATER}
    results = [jobs.add.apply_async((1, 2), **options) for _ in range(3)]
    app.control.revoke([result.id for result in results])
    check_cancelled(*results)
    assert [owner(result.id) for result in results] == [results[0].job_id] * 3


def test_a_chain_that_has_joined_a_job_ends_when_it_is_revoked(cluster: Cluster) -> None:
    options = {"job": {"unique_key": f"same-{uuid4()}"}, "countdown": 2}
    first = jobs.add.apply_async((1, 2), **options)
    last = chain(jobs.add.s(1, 2).set(**options), jobs.double.s()).apply_async()
    last.parent.revoke()
    assert ending(last) == "TaskRevokedError"
    assert first.get(timeout=PATIENCE_S) == 3
    assert owner(last.id) is None


# --- what is sent later -----------------------------------------------------------------------------------------------


def test_a_task_id_that_is_revoked_before_it_is_sent_begins_no_job(cluster: Cluster) -> None:
    task_id = str(uuid4())
    app.control.revoke(task_id)
    check_cancelled(jobs.add.apply_async((1, 2), task_id=task_id))


def test_a_revoked_task_id_joins_no_job(cluster: Cluster) -> None:
    task_id, options = str(uuid4()), {"job": {"unique_key": f"same-{uuid4()}"}, "countdown": 1}
    first = jobs.add.apply_async((1, 2), **options)
    app.control.revoke(task_id)
    late = jobs.add.apply_async((1, 2), task_id=task_id, **options)
    assert ending(late) == "TaskRevokedError"
    assert first.get(timeout=PATIENCE_S) == 3


def test_what_is_revoked_while_it_is_being_parked_is_cancelled_by_the_next_look(cluster: Cluster) -> None:
    with transaction():
        result = jobs.add.apply_async((1, 2), **LATER)
        revoker = threading.Thread(target=app.control.revoke, args=(result.id,))
        revoker.start()
        revoker.join()
    revoke.look_again()
    check_cancelled(result)


def test_ids_that_no_job_can_have_are_told_to_workers_only(cluster: Cluster) -> None:
    app.control.revoke(["\0", "x" * 5000, "half a pair \ud800"])
    assert value("SELECT count(*) FROM crobot.revoked WHERE value::text LIKE '%xxxxx%'") == 0
