"""Jobs that are sent together are the jobs that each send would have made, in a few statements; or none is."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from celery import chain, chord, group
from sqlalchemy import text

from crobot_errors import BadInput, CommitLost
from crobot_tasks.lifecycle import together as module
from crobot_tasks.lifecycle.together import together
from db.engine import transaction
from tests.canvas_tasks import jobs, note
from tests.integration.crobot_tasks.lifecycle.test_settle import called
from tests.processes import PATIENCE_S, Cluster, query, value
from tests.statements import statements

_JOBS = "SELECT count(*) FROM crobot.settlements WHERE task_id = ANY(:ids)"


def test_many_jobs_are_a_few_statements_and_each_has_its_number_and_result(cluster: Cluster) -> None:
    with statements() as seen, together():
        results = [jobs.add.s(number, 1).set(job={"tag": f"sum {number}"}).delay() for number in range(300)]
    assert len(seen) < 10
    assert [result.job_id for result in results] == sorted({result.job_id for result in results})
    rows = query("SELECT id, tag FROM crobot.jobs WHERE id = ANY(:ids)", ids=[one.job_id for one in results])
    assert {row.id: row.tag for row in rows} == {
        one.job_id: f"sum {number}" for number, one in enumerate(results)
    }
    assert [one.get(timeout=PATIENCE_S) for one in results[:20]] == list(range(1, 21))


def test_canvas_and_plain_tasks_go_with_them(cluster: Cluster) -> None:
    key = f"noted-{uuid4()}"
    with together():
        members = group(jobs.add.s(n, n) for n in range(3)).apply_async()
        total = chord([jobs.add.s(1, 1), jobs.add.s(2, 2)], jobs.total.s()).apply_async()
        # it takes long enough to be waited for before it is over
        slow = group(jobs.add.s(n, n).set(countdown=1) for n in range(2)).apply_async()
        last = chain(jobs.add.s(1, 2), jobs.double.s()).apply_async()
        note.delay(key)
    assert slow.get(timeout=PATIENCE_S) == [0, 2]
    assert members.get(timeout=PATIENCE_S) == [0, 2, 4]
    assert total.get(timeout=PATIENCE_S) == 6
    assert last.get(timeout=PATIENCE_S) == 6
    called(key, 1)


def test_two_sends_for_the_same_thing_are_one_job(cluster: Cluster) -> None:
    same = {"unique_key": f"same {uuid4()}"}
    with together():
        first, second, other = (
            jobs.add.s(1, number).set(job=job).delay() for number, job in ((1, same), (1, same), (2, {}))
        )
    assert first.job_id == second.job_id != other.job_id
    assert [one.joined for one in (first, second, other)] == [False, True, False]
    assert [one.get(timeout=PATIENCE_S) for one in (first, second, other)] == [2, 2, 3]


def test_a_block_in_a_block_is_sent_with_it(cluster: Cluster) -> None:
    with together():
        with together():
            inner = jobs.add.delay(1, 1)
        assert value(_JOBS, ids=[inner.id]) == 0
        outer = jobs.add.delay(1, 2)
    assert inner.job_id != outer.job_id
    assert [one.get(timeout=PATIENCE_S) for one in (inner, outer)] == [2, 3]


def test_of_plain_tasks_nobody_can_tell_whether_they_are_there(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(sends: Any) -> Any:
        raise CommitLost("the connection was lost in a commit")

    monkeypatch.setattr(module, "_send", cut)
    with pytest.raises(CommitLost), together():
        note.delay("never")


def test_a_call_that_cannot_work_raises_where_it_stands_and_nothing_is_sent(cluster: Cluster) -> None:
    task_id = str(uuid4())
    with pytest.raises(BadInput, match="priority"):
        _send_two(task_id)
    assert value(_JOBS, ids=[task_id]) == 0


def _send_two(task_id: str) -> None:
    with together():
        jobs.add.apply_async((1, 1), task_id=task_id)
        jobs.add.apply_async((1, 2), priority=77)


def test_in_a_transaction_they_are_sent_with_it_or_not_at_all(cluster: Cluster) -> None:
    with transaction() as session:
        with together():
            result = jobs.add.delay(1, 1)
        assert result.job_id
        session.execute(text("SELECT 1"))
        session.rollback()
    assert value(_JOBS, ids=[result.id]) == 0


@pytest.mark.parametrize("stored", [True, False])
def test_when_the_answer_to_a_commit_is_lost_each_is_there_once(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    send, tries = module._send, []

    def cut(sends: Any) -> Any:
        tries.append(stored)
        if len(tries) > 1:
            return send(sends)
        if stored:
            send(sends)
        raise CommitLost("the connection was lost in a commit")

    monkeypatch.setattr(module, "_send", cut)
    with together():
        results = [jobs.add.delay(1, number) for number in range(3)]
    assert len(tries) == (1 if stored else 2)
    assert value(_JOBS, ids=[one.id for one in results]) == 3
    assert [one.get(timeout=PATIENCE_S) for one in results] == [1, 2, 3]


def test_a_member_of_a_group_is_told_of_as_any_other_job(cluster: Cluster) -> None:
    """Nothing follows it, so Celery's tracer has nothing to do; a group of a thousand would be a thousand messages."""
    result = group(jobs.add.s(n, n) for n in range(3)).apply_async()
    options = query(
        "SELECT options FROM crobot.settlements WHERE task_id = ANY(:ids)", ids=[one.id for one in result]
    )
    assert [row.options for row in options] == [None] * 3
    assert result.get(timeout=PATIENCE_S) == [0, 2, 4]
