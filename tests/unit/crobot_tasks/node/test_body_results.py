"""What a body's canvas stores is collected, and no body asks for a result."""

from __future__ import annotations

from typing import Any

import pytest
from celery.result import AsyncResult, GroupResult

from crobot_errors import CRobotError
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.calls.sends import Send, Sends, collecting
from crobot_tasks.node.body_results import BodyResults


@pytest.fixture
def results() -> BodyResults:
    return BodyResults(app=app, url="disabled://")


def result(task_id: str, results: BodyResults) -> Any:
    return AsyncResult(task_id, backend=results, app=app)


def test_sizes_of_chords_and_their_growth_are_collected(results: BodyResults) -> None:
    with collecting(Sends()) as sends:
        results.set_chord_size("one", 5)
        for _ in range(2):
            results.add_to_chord("two", result("added", results))
        results.add_to_chord("three", result("added", results))
    assert sends == Sends(chord_sizes={"one": 5}, chord_growth={"two": 2, "three": 1})


def test_the_shape_of_a_chords_results_is_collected_if_there_are_groups_in_it(results: BodyResults) -> None:
    flat = [result("a", results), result("b", results)]
    with collecting(Sends()) as sends:
        results.apply_chord(("flat", flat), None)
        assert not sends
        results.apply_chord(("nested", [GroupResult("inner", flat, app=app), flat[0]]), None)
    inner = [["inner", None], [[["a", None], None], [["b", None], None]]]
    assert sends.groups == {"nested": [["nested", None], [inner, [["a", None], None]]]}


def test_only_a_body_sends(results: BodyResults) -> None:
    with pytest.raises(CRobotError, match="only the body itself sends"):
        results.set_chord_size("one", 5)


@pytest.mark.parametrize(
    "ask", [lambda one: one.get(timeout=1), lambda one: one.state, lambda one: one.forget()]
)
def test_no_body_asks_for_the_result_of_another_job(results: BodyResults, ask: Any) -> None:
    with collecting(Sends()), pytest.raises(CRobotError, match="Return, and let a chain or a chord go on"):
        ask(result("other", results))


def test_what_a_body_has_sent_waits_for_its_end(results: BodyResults) -> None:
    with collecting(Sends([Send("jobs.add", [1, 2], {}, "sent", {})])):
        assert result("sent", results).state == "PENDING"
        with pytest.raises(CRobotError, match="Return, and let a chain or a chord go on"):
            result("sent", results).get(timeout=1)
