"""What follows a result is sent once, in the transaction that notes it; each send of a canvas is one of its own."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from celery import chord, group
from sqlalchemy import event, text

from crobot_tasks.celery import app
from crobot_tasks.lifecycle import settle
from crobot_tasks.lifecycle.finishing.owed_results import settle_all
from db.crobot import chords, settlements
from db.engine import engine, transaction
from tests import ends
from tests.canvas_tasks import jobs, note, note_once, plain
from tests.processes import PATIENCE_S, Cluster, query, value, wait_for

KINDS = pytest.mark.parametrize("kind", [jobs, plain], ids=["jobs", "plain"])
#: the settlements of the job that a task id names
_OF_TASK = "SELECT * FROM crobot.settlements WHERE task_id = :task_id"


def calls(key: str) -> int:
    return int(app.backend.client.llen(key))


def called(key: str, times: int) -> None:
    """Wait until ``key`` was noted so often, and for a later note, before which any other would have come."""
    wait_for(f"{times} calls", lambda: calls(key) >= times)
    note.delay(f"{key}-last").get(timeout=PATIENCE_S)
    assert calls(key) == times


def settled(task_id: str) -> None:
    """Wait until nothing is owed under this task id."""
    owed = "SELECT count(*) FROM crobot.settlements WHERE task_id = :task_id AND settled_at IS NULL"
    wait_for(f"the settlement of {task_id}", lambda: value(owed, task_id=task_id) == 0)


def of_chord(chord_id: str) -> list[str]:
    return [
        row.task_id
        for row in query("SELECT task_id FROM crobot.settlements WHERE chord_id = :id", id=chord_id)
    ]


@pytest.mark.parametrize(
    "canvas",
    [
        lambda t, last: t.constant.s(1) | t.double.s() | last,
        lambda t, last: chord([t.constant.s(1), t.constant.s(2)], last),
        lambda t, last: t.constant.s(1) | group(t.double.s(), t.double.s()) | last,
        lambda t, last: chord([t.constant.s(1), t.constant.s(2)], t.total.s() | last),
    ],
    ids=["chain", "chord", "chord in a chain", "chord with a chain"],
)
@KINDS
def test_a_canvas_that_is_sent_three_times_runs_all_of_it_each_time(
    cluster: Cluster, kind: SimpleNamespace, canvas: Callable[[Any, Any], Any]
) -> None:
    key = f"noted-{uuid4()}"
    last = kind.constant.si(5)
    last.link(note.si(key))
    one = canvas(kind, last)
    results = [one.apply_async() for _ in range(3)]
    assert [result.get(timeout=PATIENCE_S) for result in results] == [5, 5, 5]
    called(key, 3)


@KINDS
def test_a_frozen_part_goes_into_several_canvases(cluster: Cluster, kind: SimpleNamespace) -> None:
    part = kind.add.s(1, 1)
    part.freeze()
    assert (part | kind.double.s()).apply_async().get(timeout=PATIENCE_S) == 4
    assert chord([part, kind.add.s(2, 2)], kind.total.s()).apply_async().get(timeout=PATIENCE_S) == 6
    assert (part | kind.add.s(5)).apply_async().get(timeout=PATIENCE_S) == 7


@KINDS
def test_wrong_arguments_of_the_next_link_call_the_errback_once(
    cluster: Cluster, kind: SimpleNamespace
) -> None:
    key = f"noted-{uuid4()}"
    sent = (kind.add.s(1, 1) | kind.add.s(1, 2, 3).on_error(note.si(f"{key}-next"))).apply_async(
        link_error=note.si(key)
    )
    with pytest.raises(TypeError):
        sent.get(timeout=PATIENCE_S)
    called(key, 1)
    if kind is jobs:
        settled(sent.parent.id)
        assert calls(key) == 1
        assert "what follows it cannot be sent: TypeError" in cluster.heads[0].text()


def test_what_cannot_be_stored_of_the_next_link_ends_the_chain_as_failed(cluster: Cluster) -> None:
    key = f"noted-{uuid4()}"
    canvas = jobs.constant.s("a\0b") | jobs.constant.s()
    with pytest.raises(Exception, match="NUL"):
        canvas.apply_async()
    late = jobs.constant.s(1) | jobs.constant.s().set(countdown=1e300)
    sent = late.apply_async(link_error=note.si(key))
    with pytest.raises(Exception, match="is not a number of seconds"):
        sent.get(timeout=PATIENCE_S)
    called(key, 1)
    settled(sent.parent.id)


def test_results_that_are_told_again_send_nothing_again(cluster: Cluster) -> None:
    key = f"noted-{uuid4()}"
    header = [jobs.add.s(1, 1).set(link=[note.si(key)]), jobs.fail.s(2).set(link_error=[note_once.si(key)])]
    sent = chord(header, jobs.total.s().on_error(note_once.si(key))).apply_async()
    good = chord([jobs.add.s(1, 1), jobs.add.s(2, 2)], note.s(f"{key}-body")).apply_async()
    with pytest.raises(Exception, match="cannot work with 2"):
        sent.get(timeout=PATIENCE_S)
    good.get(timeout=PATIENCE_S)
    for one in (sent, good):
        for task_id in of_chord(one.parent.id):
            settled(task_id)
    called(key, 3)

    for one in (sent, good):
        tell_again(one.parent.id)
    called(key, 3)
    called(f"{key}-body", 1)


def tell_again(chord_id: str) -> None:
    """What is done when the result store is believed to have forgotten a chord; it is done in full."""
    app.backend.remind(chord_id, 2)
    with transaction() as session:
        assert chords.owe_again(session, [chord_id]) == 2
        settle_all(settlements.owed(session, [row.job_id for row in _rows(session, chord_id)]))
    for task_id in of_chord(chord_id):
        settled(task_id)


def _rows(session: Any, chord_id: str) -> list[Any]:
    return session.execute(
        text("SELECT job_id FROM crobot.settlements WHERE chord_id = :id"), {"id": chord_id}
    ).all()


def unanswered() -> set[str]:
    with transaction() as session:
        return {row.id for row in chords.unanswered(session)}


def test_answered_chords_are_not_reminded(cluster: Cluster) -> None:
    """A new installation has never seen its result store whole, and looks at all chords."""
    sent = chord([jobs.add.s(1, 1), jobs.fail.s(2)], jobs.total.s()).apply_async()
    waiting = chord([jobs.add.s(1, 1), jobs.add.s(1, 1).set(countdown=600)], jobs.total.s()).apply_async()
    with pytest.raises(Exception, match="cannot work with 2"):
        sent.get(timeout=PATIENCE_S)
    wait_for("the note that it is answered", lambda: sent.parent.id not in unanswered())
    assert waiting.parent.id in unanswered()
    for child in waiting.parent:
        child.revoke()


_KEEP = "UPDATE crobot.settlements SET claimed_at = now() + interval '1 hour' WHERE task_id = :task_id RETURNING id"


@pytest.mark.filterwarnings("ignore:Exception raised outside body")
@pytest.mark.parametrize("where", ["backends.redis.GroupResult.restore", "backends.redis.RedisBackend.set"])
def test_a_chord_whose_answer_is_cut_off_is_answered_by_the_next_try(
    cluster: Cluster, where: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Celery takes a connection that is lost then for a failure of the chord, or of the member."""
    sent = chord([jobs.add.s(1, 1), jobs.add.s(2, 2).set(countdown=600)], jobs.total.s()).apply_async()
    first, last = sent.parent
    settled(first.id)
    settlement_id = value(_KEEP, task_id=last.id)  # no head settles it
    value("UPDATE crobot.jobs SET available_at = now() WHERE id = :id RETURNING id", id=last.job_id)
    ends.reach(last.job_id, "COMPLETE")
    with monkeypatch.context() as cut:
        cut.setattr(f"celery.{where}", _lost)
        cut.setattr(settle, "overdue_s", lambda: -7200.0)
        settle.settle_one(str(settlement_id))
    assert "cannot be settled now, it will be: cut off" in caplog.text
    assert sent.get(timeout=PATIENCE_S) == 6


def _lost(*_: Any, **__: Any) -> Any:
    raise ConnectionError("cut off")


def test_a_member_that_fails_as_a_lost_connection_does_fails_its_chord(cluster: Cluster) -> None:
    header = group(jobs.constant.s(1) | group(jobs.constant.si(1), jobs.lost.si()), jobs.constant.s(2))
    with pytest.raises(Exception, match="no route to the sequencer"):
        chord(header, jobs.total.s()).apply_async().get(timeout=PATIENCE_S)


def test_a_large_chord_in_a_chain_is_parked_by_few_statements(cluster: Cluster) -> None:
    """In this process, and of a job that no node runs: what is counted is what one settling asks of the database."""
    canvas = (
        jobs.constant.s(1).set(countdown=600)
        | group(jobs.add.s(n).set(countdown=600) for n in range(1200))
        | jobs.total.s()
    )
    first = canvas.apply_async().parent.parent
    with transaction() as session:
        session.execute(
            text(
                "UPDATE crobot.jobs SET state = 'COMPLETE', finished_at = now(), result = '1' WHERE id = :id"
            ),
            {"id": first.job_id},
        )
    (owed,) = query(_OF_TASK, task_id=first.id)
    statements: list[str] = []
    event.listen(engine(), "after_cursor_execute", lambda *values: statements.append(values[2]))
    settle.settle_one(str(owed.id))
    assert len(statements) < 40
    parked = query("SELECT id FROM crobot.jobs WHERE id > :id AND pipeline = 'jobs.add'", id=first.job_id)
    assert len(parked) == 1200
    settled(first.id)
    with transaction() as session:
        session.execute(text("DELETE FROM crobot.jobs WHERE id >= :id"), {"id": first.job_id})
