"""How it goes on after a body, as reports say it: what a node writes is what a head reads, and nothing else is read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crobot_errors import BadInput
from crobot_tasks.broker.json_values import plain
from crobot_tasks.lifecycle.calls.sends import Send, Sends
from crobot_tasks.lifecycle.finishing.continuation import (
    MOST_CALLS,
    Again,
    Continuation,
    checked,
    named,
    to_json,
)

CALL = Send("jobs.add", [1, 2], {"z": 3}, "one", {"countdown": 5})
SENDS = Sends([CALL, CALL], {"group": 2}, {"group": [["group", None], []]}, {"other": 1})


@pytest.mark.parametrize(
    "continuation",
    [
        Continuation(SENDS, children=[[["one", None], None]]),
        Continuation(replacement={"task": "jobs.add", "args": [1, 2], "kwargs": {}, "options": {}}),
        Continuation(again=Again(1, [1], {"a": None}, countdown_s=3.5)),
        Continuation(again=Again(7, [], {}, eta=datetime(2026, 11, 25, tzinfo=UTC), expires=60.0)),
    ],
    ids=["sends", "replacement", "in seconds", "at a time"],
)
def test_a_head_reads_what_a_node_has_written(continuation: Continuation) -> None:
    assert checked(plain(to_json(continuation), "a report")) == continuation
    assert continuation


def test_a_report_of_a_former_version_sends_nothing() -> None:
    assert checked(None) == Continuation()
    assert not checked(None)


def call(**other: Any) -> dict[str, Any]:
    return {"sends": {"calls": [vars(CALL) | other]}}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], "what it sends is"),
        ({"sends": 3}, "sends is 3"),
        ({"sends": {"calls": {}}}, "calls is {}"),
        ({"sends": {"calls": [None]}}, "a call is None"),
        (call(name=""), "a task's name is ''"),
        (call(name="n" * 501), "a task's name"),
        (call(task_id=5), "a task's id is 5"),
        (call(args={}), "args is {}"),
        (call(kwargs=[]), "kwargs is"),
        (call(options=None), "options is None"),
        ({"sends": {"chord_sizes": {"group": -1}}}, "chord_sizes is -1"),
        ({"sends": {"chord_sizes": {"group": True}}}, "chord_sizes is True"),
        ({"sends": {"chord_growth": {"group": 2**31}}}, "chord_growth"),
        ({"sends": {"groups": []}}, "groups is"),
        ({"replacement": "jobs.add"}, "a replacement is 'jobs.add'"),
        ({"replacement": {"args": []}}, "a replacement's name is None"),
        ({"children": {}}, "children is"),
        ({"again": {"args": [], "kwargs": {}}}, "retries is None"),
        ({"again": {"retries": 1, "args": [], "kwargs": {}, "countdown_s": -1}}, "countdown_s is -1"),
        ({"again": {"retries": 1, "args": [], "kwargs": {}, "countdown_s": 1e300}}, "countdown_s"),
        ({"again": {"retries": 1, "args": [], "kwargs": {}, "eta": "soon"}}, "eta is 'soon', not a time"),
        ({"again": {"retries": 1, "args": [], "kwargs": {}, "eta": 5}}, "eta is 5"),
        ({"again": {"retries": 1, "args": [], "kwargs": {}, "priority": 10}}, "priority is 10"),
    ],
)
def test_what_no_node_would_say_is_refused(said: Any, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        checked(said)


def test_a_body_sends_so_many_tasks_and_no_more() -> None:
    calls = [vars(CALL)] * MOST_CALLS
    assert len(checked({"sends": {"calls": calls}}).sends.calls) == MOST_CALLS
    with pytest.raises(BadInput, match="Send a few that send the rest"):
        checked({"sends": {"calls": [*calls, vars(CALL)]}})


def test_the_log_names_each_task_once() -> None:
    other = Send("plain.note", [], {}, "two", {})
    assert named([CALL, other, CALL]) == "jobs.add × 2, plain.note × 1"
    assert named([]) == ""
