"""Heads that die or are many: what they left undone is done by the next, and nothing is done twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crobot_tasks.broker.queues import HEARTBEATS, MOST_UNREAD, REPORTS, queue, waiting_in
from crobot_tasks.celery import app
from tests import ends
from tests.fault_tasks import added, noted
from tests.installation import TASKS
from tests.processes import Cluster, Process, value, wait_for

CLI = [sys.executable, "-m", "crobot_tasks.cli"]
_DONE = "SELECT count(*) FROM crobot.jobs WHERE id = ANY(:ids) AND state = 'COMPLETE'"


@pytest.fixture
def second_head(site: Cluster) -> Iterator[Process]:
    process = Process("head2", [*CLI, "head"], site.folder, **site.environment)
    wait_for("the second head", lambda: "ready." in process.text())
    yield process
    process.stop()


def send(count: int, note: Path) -> list[int | None]:
    """Send jobs that each have a job as their callback."""
    after = str(note.with_suffix(".after"))
    return [
        noted.apply_async((str(note), number), link=added.s(after, str(number))).job_id
        for number in range(count)
    ]


def check(ids: list[int | None], note: Path) -> None:
    """All are complete, none began twice in one attempt, and each callback came once."""
    ends.complete(ids)
    began = ends.lines(note)
    assert {attempt.split(".")[0] for attempt in began} == set(map(str, ids))
    assert set(began.values()) == {1}
    after = note.with_suffix(".after")
    wait_for("the callbacks", lambda: len(ends.lines(after)) == len(ids))
    wait_for(
        "nothing to be left", lambda: value("SELECT count(*) FROM crobot.jobs WHERE finished_at IS NULL") == 0
    )
    assert set(ends.lines(after).values()) == {1}


def test_a_head_that_is_killed_under_load_leaves_nothing_undone(head: Process, note: Path) -> None:
    ids = send(200, note)
    wait_for("some to have ended", lambda: value(_DONE, ids=ids) > 20)
    head.kill()
    assert value(_DONE, ids=ids) < 200
    head.start()
    check(ids, note)


def test_jobs_whose_head_died_between_commit_and_message_are_routed_again(head: Process, note: Path) -> None:
    with dying(head, "tests.dying_head"):
        ids = send(5, note)
    stranded = [job_id for job_id in ids if ends.state(job_id) == "ROUTED"]
    assert stranded
    head.start()
    check(ids, note)
    for job_id in stranded:
        first, second = ends.attempts(job_id)
        assert (first.outcome, first.started_at, second.outcome) == ("node_lost", None, "ok")


def test_callbacks_whose_head_died_before_it_noted_that_they_are_sent_come_once(
    head: Process, note: Path
) -> None:
    with dying(head, "tests.dying_settler"):
        ids = send(3, note)
    assert value(
        "SELECT count(*) FROM crobot.settlements WHERE job_id = ANY(:ids) AND settled_at IS NULL", ids=ids
    )
    head.start()
    check(ids, note)


def test_what_ended_while_no_head_was_there_is_read_before_anybody_is_judged(
    site: Cluster, head: Process, impatient: None
) -> None:
    """Beat's orders fill the queue for hours; nodes are silent, since nobody reads them; reports lie unread."""
    ids = [app.tasks["probe"].apply_async(kwargs={"params": {"sleep_s": 3}}).job_id for _ in range(4)]
    wait_for("all to run", lambda: {ends.state(job_id) for job_id in ids} == {"RUNNING"})
    head.stop()
    with app.producer_or_acquire() as producer, producer.batch():
        for _ in range(MOST_UNREAD * 3):
            app.send_task("crobot.rescue", producer=producer, queue=queue(HEARTBEATS), ignore_result=True)
    wait_for("reports that nobody reads", lambda: unread(REPORTS) > 0)
    wait_for("beat to fall silent", lambda: "crobot.rescue is not sent" in site.beat.text())
    head.start()
    ends.complete(ids)
    assert {len(ends.attempts(job_id)) for job_id in ids} == {1}


def unread(name: str) -> int:
    with app.connection_or_acquire() as connection:
        return waiting_in(name, connection.default_channel)


@contextmanager
def dying(head: Process, module: str) -> Iterator[None]:
    """In place of the head, run one that will die; wait for its death."""
    head.stop()
    imports = {"CROBOT_IMPORTS": f"{TASKS},{module}"}
    other = Process(module, [*CLI, "head"], head.folder, **head.environment | imports)
    wait_for("the dying head", lambda: "ready." in other.text())
    yield
    wait_for("its death", lambda: other._popen.poll() == 1)


def test_two_heads_do_each_thing_once(head: Process, second_head: Process, note: Path) -> None:
    ids = send(300, note)
    check(ids, note)
    assert value("SELECT count(*) FROM crobot.attempts WHERE job_id = ANY(:ids)", ids=ids) == 300


def test_of_two_heads_one_may_be_killed(head: Process, second_head: Process, note: Path) -> None:
    ids = send(100, note)
    wait_for("some to have ended", lambda: value(_DONE, ids=ids) > 10)
    second_head.kill()
    check(ids, note)
