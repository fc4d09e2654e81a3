"""Batches of small jobs on a real cluster: sent in slices, each item once, steered, and all accounted for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any
from uuid import uuid4

import pytest
from celery import chain

from crobot_errors import BadInput, UnknownBatch
from crobot_tasks.batches.batch import Batch
from crobot_tasks.batches.making import Limits
from crobot_tasks.celery import app
from crobot_tasks.operate.resend import Changes
from tests.callback_tasks import push
from tests.canvas_tasks import jobs
from tests.canvas_tasks import plain as tasks
from tests.posted_outcomes import Serve
from tests.posted_outcomes import over as posted
from tests.processes import Cluster, query, value, wait_for

FEW = Limits(live=20, slice=10)


@pytest.fixture
def name(cluster: Cluster) -> str:
    """The name of a batch that no other test uses."""
    return f"batch-{uuid4()}"


def additions(number: int) -> Iterator[Any]:
    return (jobs.add.s(count, 1) for count in range(number))


def failures(number: int) -> Iterator[Any]:
    return (jobs.fail.s(count) for count in range(number))


def is_over(name: str) -> bool:
    return Batch(name).state in ("over", "cancelled")


def over(name: str) -> Batch:
    wait_for(f"the batch {name}", lambda: is_over(name))
    return Batch(name)


def accounted(batch: Batch) -> Counter[str]:
    """How many items are in which state; each has a number of its own, and no two share a job."""
    account = list(batch.account(part=7))
    assert [item.number for item in account] == list(range(1, batch.standing().size + 1))
    sent = [item.job_id for item in account if item.job_id is not None]
    assert len(set(sent)) == len(sent)
    return Counter(item.state for item in account)


@pytest.fixture
def heard() -> Iterator[str]:
    """The key of a list to which callbacks write what they were called with."""
    key = str(uuid4())
    yield key
    app.backend.client.delete(key)


def told(key: str) -> list[dict[str, Any]]:
    return [json.loads(text) for text in app.backend.client.lrange(key, 0, -1)]


def test_each_item_becomes_one_job_and_all_are_accounted_for(name: str) -> None:
    batch = over(Batch.of(additions(65), name=name, limits=FEW).name)
    standing = batch.standing()
    assert (standing.size, standing.complete, standing.over, standing.unsent) == (65, 65, 65, 0)
    assert accounted(batch) == {"COMPLETE": 65}
    assert value("SELECT count(*) FROM crobot.jobs WHERE batch = :name", name=name) == 65
    results = {row.result for row in query("SELECT result FROM crobot.jobs WHERE batch = :name", name=name)}
    assert results == set(range(1, 66))


def test_slices_are_groups_and_no_more_are_live_than_the_limit(name: str) -> None:
    seen = []
    Batch.of((jobs.nap.s(0.05) for _ in range(70)), name=name, limits=FEW)

    def look() -> bool:
        seen.append(Batch(name).standing().live)
        return is_over(name)

    wait_for("the batch", look)
    assert 0 < max(seen) < FEW.live + FEW.slice
    slices = query("""
        SELECT first_item, last_item FROM crobot.batch_slices s JOIN crobot.batches b ON b.id = s.batch_id
        WHERE b.name = :name ORDER BY number""", name=name)  # fmt: skip
    assert [tuple(row) for row in slices] == [(first, first + 9) for first in range(1, 71, 10)]
    groups = query("SELECT DISTINCT request->>'group' AS id FROM crobot.jobs WHERE batch = :name", name=name)
    assert len(groups) == 7
    assert all(row.id for row in groups)


def test_making_goes_on_where_it_was_cut(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crobot_tasks.batches.making.STORED_TOGETHER", 10)

    def cut() -> Iterator[Any]:
        yield from islice(additions(40), 25)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Batch.of(cut(), name=name)
    assert (Batch(name).state, Batch(name).standing().unsent) == ("being made", 20)
    assert accounted(over(Batch.of(additions(40), name=name).name)) == {"COMPLETE": 40}


def test_two_that_make_the_same_batch_at_once_do_not_mix(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crobot_tasks.batches.making.STORED_TOGETHER", 10)

    def cut_in() -> Iterator[Any]:
        yield from islice(additions(30), 15)
        over(Batch.of(additions(30), name=name).name)
        yield from islice(additions(30), 15, None)

    with pytest.raises(BadInput, match="by somebody else, too"):
        Batch.of(cut_in(), name=name)
    assert accounted(Batch(name)) == {"COMPLETE": 30}


def test_who_meets_an_error_leaves_the_batch_that_somebody_else_has_made(name: str) -> None:
    def overtaken() -> Iterator[Any]:
        over(Batch.of(additions(3), name=name).name)
        raise BadInput("the fourth cannot be")
        yield

    with pytest.raises(BadInput, match="the fourth cannot be"):
        Batch.of(overtaken(), name=name)
    assert accounted(Batch(name)) == {"COMPLETE": 3}


def test_a_batch_that_another_user_is_making_is_not_gone_on_with(name: str) -> None:
    def cut() -> Iterator[Any]:
        yield from additions(2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Batch.of(cut(), name=name, user_id=7)
    with pytest.raises(BadInput, match="choose another name"):
        Batch.of(additions(2), name=name, user_id=8)
    assert accounted(over(Batch.of(additions(2), name=name, user_id=7).name)) == {"COMPLETE": 2}


def test_two_that_send_again_what_failed_send_it_once(name: str) -> None:
    batch = over(Batch.of(failures(8), name=name, limits=FEW).name)
    with ThreadPoolExecutor(2) as pool:
        assert [one.result() for one in [pool.submit(batch.resend) for _ in range(2)]] == [{}, {}]
    over(name)
    [sent] = query("""
        SELECT count(*) AS again, count(DISTINCT context ->> 'resent_from') AS of_different
        FROM crobot.jobs WHERE batch = :name AND context ->> 'resent_from' IS NOT NULL""", name=name)  # fmt: skip
    assert sent.again == sent.of_different >= 8


def test_callbacks_are_called_once_with_what_the_batch_has_come_to(name: str, heard: str) -> None:
    batch = Batch.of([*additions(3), *failures(2)], name=name, limits=FEW)
    batch.on_complete(push.s(f"{heard}-never"))
    batch.on_failure(push.s(heard)).on_exhausted(push.s(heard))
    over(name)
    wait_for("both", lambda: len(told(heard)) == 2)
    by_event = {one["event"]: one for one in told(heard)}
    assert set(by_event) == {"failure", "exhausted"}
    last = by_event["exhausted"]
    assert (last["batch"], last["complete"], last["failed"]) == (name, 3, 2)
    assert not told(f"{heard}-never")


def test_a_callback_that_is_asked_for_after_the_end_is_called(name: str, heard: str) -> None:
    over(Batch.of(additions(2), name=name).name).on_complete(push.s(heard))
    wait_for("the callback", lambda: told(heard))
    assert [one["event"] for one in told(heard)] == ["complete"]


def test_what_failed_is_sent_again_in_the_place_of_its_item(name: str, heard: str) -> None:
    batch = over(Batch.of([*additions(2), *failures(3)], name=name, limits=FEW).name)
    batch.on_complete(push.s(heard))
    assert batch.standing().failures == {"internal": 3}
    assert batch.resend("node_lost") == {}
    assert batch.standing().failed == 3
    before = {item.job_id for item in batch.account() if item.state == "FAILED"}
    assert batch.resend(changes=Changes(priority=2)) == {}
    after = {item.job_id for item in over(name).account() if item.state == "FAILED"}
    assert len(after) == 3
    assert not before & after
    assert not told(heard)


def test_a_paused_batch_sends_nothing_and_what_waits_is_held(name: str) -> None:
    batch = Batch.of((jobs.nap.s(0.1) for _ in range(60)), name=name, limits=FEW)
    wait_for("a first slice", lambda: batch.standing().live)
    batch.pause("the day")
    held = "SELECT count(*) FROM crobot.jobs WHERE batch = :name AND state = 'WAITING' AND held_at IS NULL"
    assert value(held, name=name) == 0
    wait_for("what runs", lambda: batch.standing().running == 0)
    stopped = batch.standing()
    assert stopped.unsent > 0
    assert batch.state == "paused"
    with pytest.raises(BadInput, match="already paused"):
        batch.pause()
    batch.resume()
    assert accounted(over(name)) == {"COMPLETE": 60}


def test_a_batch_that_is_cancelled_while_paused_is_cancelled(name: str) -> None:
    batch = Batch.of((jobs.nap.s(0.1) for _ in range(60)), name=name, limits=FEW)
    wait_for("a first slice", lambda: batch.standing().live)
    batch.pause()
    batch.cancel()
    states = accounted(over(name))
    assert states["COMPLETE"] + states["CANCELLED"] == 60
    assert batch.standing().over == 60
    assert batch.state == "cancelled"
    for steer in (batch.resume, batch.cancel, batch.pause):
        with pytest.raises(BadInput, match="is cancelled"):
            steer()


def test_too_many_failures_pause_it_and_no_other(name: str) -> None:
    limits = Limits(live=2, slice=2, max_failures=3)
    batch = Batch.of(failures(12), name=name, limits=limits)
    other = Batch.of(failures(12), name=f"{name}-other", limits=FEW)
    wait_for("the pause", lambda: batch.state == "paused")
    assert batch.standing().unsent > 0
    reason = value("SELECT pause_reason FROM crobot.batches WHERE name = :name", name=name)
    assert "jobs failed, the limit is 3" in reason
    assert over(other.name).standing().failed == 12
    before = batch.standing().failed
    batch.resume()
    wait_for("more failures", lambda: batch.standing().failed > before)
    batch.cancel()


@pytest.mark.parametrize("share", [0.5])
def test_a_share_of_failures_pauses_it(name: str, share: float) -> None:
    limits = Limits(live=2, slice=2, max_failed_share=share)
    batch = Batch.of(failures(8), name=name, limits=limits)
    wait_for("the pause", lambda: batch.state == "paused")
    assert 4 <= batch.standing().failed < 8
    batch.cancel()


def test_a_signature_that_cannot_work_fails_alone(name: str) -> None:
    odd = app.tasks["probe"].s(params={"value": 1}, version="99")
    batch = over(Batch.of([odd, *additions(2)], name=name).name)
    assert accounted(batch) == {"COMPLETE": 2, "FAILED": 1}
    assert "99" in next(item.message for item in batch.account() if item.state == "FAILED")


def test_what_cannot_be_a_batch_is_refused_and_nothing_is_stored(name: str) -> None:
    for odd in (tasks.add.s(1, 2), chain(jobs.add.s(1, 2), jobs.double.s()), app.signature("no.such")):
        with pytest.raises(BadInput, match="no signature of one job"):
            Batch.of([odd], name=f"{name}-odd")
    with pytest.raises(BadInput, match="would have no items"):
        Batch.of([], name=f"{name}-empty")
    with pytest.raises(BadInput, match="cannot be named 'a b'"):
        Batch.of(additions(1), name="a b")
    with pytest.raises(BadInput, match="at least 1"):
        Batch.of(additions(1), name=name, limits=Limits(max_failures=0))
    for missing in (name, f"{name}-empty"):
        with pytest.raises(UnknownBatch, match="crobot batch list"):
            Batch(missing)


def test_a_name_is_taken_by_a_batch_or_by_jobs(name: str) -> None:
    Batch.of(additions(1), name=name)
    with pytest.raises(BadInput, match="already"):
        Batch.of(additions(1), name=name)
    jobs.add.apply_async((1, 2), job={"batch": f"{name}-label"})
    with pytest.raises(BadInput, match="choose another name"):
        Batch.of(additions(1), name=f"{name}-label")


def test_each_end_of_a_batch_is_posted_to_who_wants_it(name: str, serve: Serve) -> None:
    app = serve()
    batch = Batch.of((*additions(2), *failures(1)), name=name, limits=FEW).post_to(app.url)
    (row,) = posted(app)
    told = json.loads(app.requests[0].body)
    assert told["type"] == "batch.over"
    assert (told["data"]["name"], told["data"]["complete"], told["data"]["failed"]) == (name, 2, 1)
    assert row.number == told["data"]["id"]
    batch.resend()
    posted(app, 2)
    over(name)
    late = serve()
    batch.post_to(late.url)
    posted(late)
    assert json.loads(late.requests[0].body)["data"]["failed"] == 1
