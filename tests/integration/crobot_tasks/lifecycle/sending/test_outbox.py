"""A plain call is committed with what it follows from, published after that, and begun once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.calls.sends import Sends, collecting
from crobot_tasks.lifecycle.sending import outbox
from crobot_tasks.lifecycle.sending.commit_sends import commit
from db.engine import transaction
from tests.canvas_tasks import jobs, note
from tests.integration.crobot_tasks.lifecycle.test_settle import called, calls
from tests.processes import PATIENCE_S, Cluster, query, value, wait_for

_MESSAGE = "SELECT * FROM crobot.messages WHERE task_id = :task_id"


def collected(key: str) -> tuple[Sends, Any]:
    with collecting(Sends()) as sends:
        result = note.delay(key)
    return sends, result


def test_a_call_that_is_collected_is_sent_when_it_is_committed(cluster: Cluster) -> None:
    key = f"noted-{uuid4()}"
    sends, result = collected(key)
    assert [(send.name, send.args, send.task_id) for send in sends.calls] == [
        ("plain.note", [key], result.id)
    ]
    assert calls(key) == 0
    with transaction() as session:
        assert commit(session, sends).refused == []
    assert result.get(timeout=PATIENCE_S) is None
    called(key, 1)


def test_what_is_undone_is_never_sent(cluster: Cluster) -> None:
    key = f"noted-{uuid4()}"
    sends, result = collected(key)
    with collecting(sends):
        job = jobs.add.delay(1, 2)
    with transaction() as session:
        commit(session, sends)
        session.rollback()
    assert query(_MESSAGE, task_id=result.id) == []
    assert query("SELECT 1 FROM crobot.settlements WHERE task_id = :id", id=job.id) == []


def test_a_call_that_nobody_published_is_published_by_beat(cluster: Cluster) -> None:
    key = f"noted-{uuid4()}"
    sends, result = collected(key)
    with pytest.MonkeyPatch.context() as patch, transaction() as session:
        patch.setattr(outbox, "publish", lambda calls: None)
        commit(session, sends)
    wait_for("the call", lambda: calls(key) == 1)
    (message,) = query(_MESSAGE, task_id=result.id)
    wait_for("the note of it", lambda: query(_MESSAGE, task_id=result.id)[0].published_at is not None)
    assert message.begun_at is not None


def test_a_call_that_is_published_twice_is_begun_once(cluster: Cluster) -> None:
    key = f"noted-{uuid4()}"
    sends, result = collected(key)
    with transaction() as session:
        commit(session, sends)
    outbox.publish([dict(row._mapping) for row in query(_MESSAGE, task_id=result.id)])
    called(key, 1)


def test_a_job_that_is_sent_by_name_is_parked(cluster: Cluster) -> None:
    sent = app.send_task("jobs.add", (2, 3))
    assert sent.get(timeout=PATIENCE_S) == 5
    assert value("SELECT state FROM crobot.jobs WHERE id = :id", id=sent.job_id) == "COMPLETE"
    assert (app.signature("jobs.add", args=(1, 1)) | app.signature("jobs.double")).delay().get(
        timeout=PATIENCE_S
    ) == 4
