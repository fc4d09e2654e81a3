"""Celery's canvas over jobs gives what it gives over plain tasks, results and errors alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from celery import chain, chord, chunks, group, xmap, xstarmap
from celery.result import AsyncResult, GroupResult, result_from_tuple

from crobot_tasks.celery import app
from db.engine import transaction
from tests import ends
from tests.canvas_tasks import jobs, note, plain, replaced
from tests.processes import PATIENCE_S, Cluster, value, wait_for

Canvas = Callable[[SimpleNamespace], Any]

CANVASES: dict[str, Canvas] = {
    "one task": lambda t: t.add.s(2, 3),
    "keyword arguments": lambda t: t.add.s(x=2, y=3),
    "a partial that is completed at the call": lambda t: chain(t.constant.s(4), t.add.s(3)),
    "chain": lambda t: t.add.s(1, 2) | t.double.s() | t.add.s(10),
    "immutable link in a chain": lambda t: t.add.s(1, 2) | t.constant.si(9) | t.double.s(),
    "group": lambda t: group(t.add.s(number, number) for number in range(6)),
    "group of one": lambda t: group([t.add.s(1, 1)]),
    "group of groups": lambda t: group(group(t.add.s(1, 1), t.double.s(4)), t.constant.s(3)),
    "group of chains": lambda t: group(t.add.s(n, n) | t.double.s() for n in range(3)),
    "chord": lambda t: chord([t.add.s(number, number) for number in range(6)], t.total.s()),
    "chord of one": lambda t: chord([t.add.s(2, 2)], t.total.s()),
    "chord in a chain": lambda t: (
        t.constant.s(3) | group(t.double.s(), t.add.s(1)) | t.total.s() | t.double.s()
    ),
    "chain that ends in a group": lambda t: t.add.s(1, 1) | group(t.double.s(), t.add.s(5)),
    "chord of chains": lambda t: chord([t.add.s(n, n) | t.double.s() for n in range(3)], t.total.s()),
    "chord in a chord": lambda t: chord(
        [chord([t.add.s(1, 1), t.add.s(2, 2)], t.total.s()), t.constant.s(5)], t.total.s()
    ),
    "chord whose body is a chain": lambda t: chord(
        [t.double.s(1), t.double.s(2)], t.total.s() | t.double.s()
    ),
    "chord whose body is a group": lambda t: chord(
        [t.constant.s(1), t.constant.s(2)], group(t.total.s(), t.total.s())
    ),
    "map": lambda t: t.double.map([1, 2, 3]),
    "map of nothing": lambda t: t.double.map([]),
    "map of one": lambda t: t.double.map([4]),
    "map of what a generator yields": lambda t: t.double.map(n for n in range(3)),
    "map that begins later": lambda t: t.double.map([1, 2]).set(countdown=0.5, expires=60),
    "starmap": lambda t: t.add.starmap([(1, 2), (3, 4)]),
    "starmap behind a link": lambda t: t.add.s(1, 1) | t.add.starmap([(1, 1), (2, 2)]),
    "map between links": lambda t: t.add.s(1, 1) | t.double.map([1, 2]) | t.total.s() | t.double.s(),
    "maps in a group": lambda t: group(t.double.map([1, 2]), t.add.starmap([(3, 4)]), t.constant.s(5)),
    "maps in a chord": lambda t: chord([t.double.map([1, 2]), t.double.map([3])], t.constant.s()),
    "map as the body of a chord": lambda t: chord([t.add.s(1, 1), t.add.s(2, 2)], t.double.map([1, 2])),
    "map that was JSON": lambda t: _through_json(t.double.map([1, 2, 3])),
    "chunks": lambda t: t.add.chunks([(1, 2), (3, 4), (5, 6)], 2),
    "the group of chunks": lambda t: t.add.chunks([(n, n) for n in range(5)], 2).group(),
    "the group of chunks behind a link": lambda t: (
        t.add.s(1, 1) | t.add.chunks([(1, 2), (3, 4), (5, 6)], 2).group() | t.constant.s()
    ),
    "a group that begins step by step": lambda t: group(t.double.s(n) for n in range(3)).skew(0, 0.4, 0.2),
    "values of every JSON type": lambda t: t.constant.s({"a": [1, 2.5, None, True, "ä"], "b": {"c": []}}),
    "a task that fails": lambda t: t.fail.s(1),
    "a chain that fails at its first link": lambda t: t.fail.s(1) | t.double.s(),
    "a chain that fails at its last link": lambda t: t.constant.s(1) | t.fail.s(),
    "a group with a failure": lambda t: group(t.add.s(1, 1), t.fail.s(2)),
    "a chord with a failure": lambda t: chord([t.add.s(1, 1), t.fail.s(2)], t.total.s()),
    "a chord whose body fails": lambda t: chord([t.add.s(1, 1), t.add.s(2, 2)], t.fail.s()),
    "a chain behind a chord with a failure": lambda t: (
        chord([t.constant.s(1), t.fail.s(2)], t.total.s()) | t.double.s()
    ),
    "stamped": lambda t: _stamped(t.add.s(1, 2) | t.double.s()),
}


def _through_json(signature: Any) -> Any:
    return app.signature(json.loads(json.dumps(signature)))


def _stamped(signature: Any) -> Any:
    signature.stamp(strain="SAL_AA0001AA")
    return signature


def outcome(canvas: Canvas, kind: SimpleNamespace) -> Any:
    """What a web developer gets from ``.get()``: the value, or the error's type and text."""
    result = canvas(kind).apply_async()
    # of a chord that is not over yet, Celery raises the error of whichever part it knows to have failed
    result.get(timeout=PATIENCE_S, propagate=False)
    try:
        return result.get(timeout=PATIENCE_S)
    except TimeoutError:
        raise
    except Exception as error:  # noqa: BLE001 (the comparison is the test)
        return type(error).__name__, str(error).replace(str(getattr(result, "id", "")), "ID").split(
            "Dependency"
        )[0]


@pytest.mark.parametrize("name", CANVASES)
def test_canvas_gives_the_same_over_jobs_and_plain_tasks(cluster: Cluster, name: str) -> None:
    assert outcome(CANVASES[name], jobs) == outcome(CANVASES[name], plain)


@pytest.mark.parametrize("kind", [jobs, plain], ids=["jobs", "plain"])
def test_callbacks_and_errbacks_come_once(cluster: Cluster, kind: SimpleNamespace) -> None:
    key = f"noted-{uuid4()}"
    good = kind.add.apply_async((1, 2), link=[note.s(key), note.s(key)])
    bad = kind.fail.apply_async((1,), link_error=note.si(key), link=note.si(f"{key}-never"))
    assert good.get(timeout=PATIENCE_S) == 3
    with pytest.raises(ValueError, match="cannot work with 1"):
        bad.get(timeout=PATIENCE_S)
    wait_for("three callbacks", lambda: app.backend.client.llen(key) == 3)
    assert not app.backend.client.exists(f"{key}-never")


@pytest.mark.parametrize("kind", [jobs, plain], ids=["jobs", "plain"])
def test_a_failed_chord_calls_the_errback_of_its_body_once(cluster: Cluster, kind: SimpleNamespace) -> None:
    key = f"noted-{uuid4()}"
    body = kind.total.s().on_error(note.si(key))
    result = chord([kind.add.s(1, 1), kind.fail.s(3)], body).apply_async()
    with pytest.raises(Exception, match="cannot work with 3"):
        result.get(timeout=PATIENCE_S)
    wait_for("the errback", lambda: app.backend.client.llen(key) == 1)


@pytest.mark.parametrize("kind", [jobs, plain], ids=["jobs", "plain"])
@pytest.mark.parametrize(
    ("canvas", "expected"),
    [
        (lambda t: t.add.s(20, 1), 42),
        (lambda t: t.add.s(20, 1) | t.double.s(), 84),
        (lambda t: chord([t.add.s(1, 1), t.add.s(2, 2)], t.total.s()), 12),
    ],
    ids=["task", "chain", "chord"],
)
def test_replace_puts_jobs_in_a_tasks_place(
    cluster: Cluster, kind: SimpleNamespace, canvas: Canvas, expected: int
) -> None:
    result = (replaced.s(canvas(kind)) | kind.double.s()).apply_async()
    assert result.get(timeout=PATIENCE_S) == expected


def test_group_results_are_found_again_by_id(cluster: Cluster) -> None:
    result = group(jobs.add.s(n, n) for n in range(3)).apply_async()
    result.save()
    found = GroupResult.restore(result.id, app=app)
    assert found.get(timeout=PATIENCE_S) == [0, 2, 4]
    assert found.successful()
    assert found.completed_count() == 3


def test_a_result_is_found_again_by_its_task_id(cluster: Cluster) -> None:
    result = jobs.add.delay(4, 5)
    assert AsyncResult(result.id, app=app).get(timeout=PATIENCE_S) == 9
    assert value("SELECT state FROM crobot.jobs WHERE id = :id", id=result.job_id) == "COMPLETE"


def test_an_ignored_result_is_not_stored(cluster: Cluster) -> None:
    result = jobs.add.apply_async((1, 2), ignore_result=True)
    wait_for(
        "the end",
        lambda: value("SELECT state FROM crobot.jobs WHERE id = :id", id=result.job_id) == "COMPLETE",
    )
    assert app.backend.get(app.backend.get_key_for_task(result.id)) is None


def test_each_send_with_a_task_id_is_a_job_and_the_newest_answers_for_it(cluster: Cluster) -> None:
    task_id = str(uuid4())
    first = jobs.add.apply_async((1, 2), task_id=task_id)
    second = jobs.add.apply_async((1, 3), task_id=task_id)
    assert first.job_id != second.job_id
    ends.complete([first.job_id, second.job_id])
    assert second.get(timeout=PATIENCE_S) == 4
    assert app.AsyncResult(task_id).get(timeout=PATIENCE_S) == 4


def test_two_sends_for_the_same_thing_are_one_job_and_both_results_come(cluster: Cluster) -> None:
    options = {"job": {"unique_key": f"same-{uuid4()}"}, "countdown": 1}
    first = jobs.add.apply_async((1, 2), **options)
    second = chain(jobs.add.s(1, 2).set(**options), jobs.double.s()).apply_async()
    assert (first.get(timeout=PATIENCE_S), second.get(timeout=PATIENCE_S)) == (3, 6)
    assert (
        value("SELECT count(*) FROM crobot.jobs WHERE unique_key = :key", key=options["job"]["unique_key"])
        == 1
    )


def test_a_chain_that_goes_on_with_an_impossible_job_ends_with_its_error(cluster: Cluster) -> None:
    result = (jobs.constant.s(1) | app.tasks["probe"].s(params={"fail": "nonsense"})).apply_async()
    with pytest.raises(Exception, match="nonsense"):
        result.get(timeout=PATIENCE_S)


@pytest.mark.parametrize("kind", [jobs, plain], ids=["jobs", "plain"])
def test_maps_are_celerys_own_objects(kind: SimpleNamespace) -> None:
    mapped, chunked = kind.add.starmap([(1, 2)]), kind.add.chunks([(1, 2), (3, 4)], 1)
    assert (type(mapped), type(chunked)) == (xstarmap, chunks)
    assert json.dumps(_through_json(mapped)) == json.dumps(mapped)
    assert [type(one) for one in chunked.group().tasks] == [xstarmap, xstarmap]


@pytest.mark.parametrize("kind", [jobs, plain], ids=["jobs", "plain"])
def test_chunks_that_were_json_give_their_group(cluster: Cluster, kind: SimpleNamespace) -> None:
    sent = _through_json(kind.add.chunks([(1, 2), (3, 4), (5, 6)], 2)).apply_async()
    found = result_from_tuple(sent.get(timeout=PATIENCE_S), app=app)
    assert found.get(timeout=PATIENCE_S) == [[3, 7], [11]]


def test_each_item_is_a_job_of_its_own(cluster: Cluster) -> None:
    batch = f"each-{uuid4()}"
    mapped = xmap(jobs.double.s().set(job={"batch": batch}), [1, 2, 3], app=app)
    assert mapped.apply_async().get(timeout=PATIENCE_S) == [2, 4, 6]
    assert value("SELECT count(*) FROM crobot.jobs WHERE batch = :batch", batch=batch) == 3


def test_a_map_whose_transaction_is_undone_is_not_sent(cluster: Cluster) -> None:
    batch = f"undone-{uuid4()}"
    with transaction() as session:
        xmap(jobs.double.s().set(job={"batch": batch}), [1, 2, 3], app=app).apply_async()
        session.rollback()
    assert value("SELECT count(*) FROM crobot.jobs WHERE batch = :batch", batch=batch) == 0


def test_a_map_that_is_sent_by_name_runs_no_body_in_a_head(cluster: Cluster) -> None:
    batch = f"by-name-{uuid4()}"
    task = dict(jobs.double.s().set(job={"batch": batch}))
    result = app.send_task("celery.map", kwargs={"task": task, "it": [1, 2, 3]})
    assert result.get(timeout=PATIENCE_S) == [2, 4, 6]
    assert value("SELECT count(*) FROM crobot.jobs WHERE batch = :batch", batch=batch) == 3


def test_a_map_with_an_item_that_fails_calls_its_errback_once(cluster: Cluster) -> None:
    key = f"noted-{uuid4()}"
    result = jobs.fail.map([1, 2]).apply_async(link_error=note.si(key))
    with pytest.raises(Exception, match="cannot work with"):
        result.get(timeout=PATIENCE_S)
    wait_for("the errback", lambda: app.backend.client.llen(key) == 1)
