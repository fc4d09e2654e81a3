"""Calls that are alike, and sent together, become the rows that each of them would have made alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import group, signals

from crobot_errors import BadInput
from crobot_tasks.lifecycle.calls.call_options import CANVAS_OPTIONS, TIMES, Details
from crobot_tasks.lifecycle.calls.caller import _OF_MESSAGE
from crobot_tasks.lifecycle.sending import alike
from crobot_tasks.lifecycle.sending.commit_sends import JobsAtOnce
from crobot_tasks.lifecycle.sending.group_members import call_members
from crobot_tasks.lifecycle.together import send_all, together
from db.crobot import revoking
from db.engine import transaction
from tests.canvas_tasks import jobs
from tests.processes import query

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LATER = datetime(2100, 1, 1, tzinfo=UTC)

#: args, kwargs, options
CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any], dict[str, Any]]] = {
    "nothing special": ((1, 2), {}, {}),
    "kwargs": ((), {"x": 1, "y": 2.0}, {}),
    "text": (("a\"b\\c\n\t{},'é", "NULL"), {}, {}),
    "an emoji": (("😀", "\\u0000"), {}, {}),
    "nested": (([{"a": [1, (2, 3)]}, None],), {"y": {"b": {}}}, {}),
    "no text as a name": (({1: 2}, {True: None}), {}, {}),
    "numbers": ((1e20,), {"y": 2**70}, {}),
    "a date": ((datetime(2026, 1, 1, tzinfo=UTC), UUID(int=1)), {}, {}),
    "a signature": ((jobs.add.s(1, 2), {"__type__": "x"}), {}, {}),
    "priority": ((1, 2), {}, {"priority": 1}),
    "countdown": ((1, 2), {}, {"countdown": 3600}),
    "eta": ((1, 2), {}, {"eta": LATER}),
    "expires": ((1, 2), {}, {"expires": LATER}),
    "expires at once": ((1, 2), {}, {"expires": 0}),
    "headers": ((1, 2), {}, {"headers": {"mine": {"a": 1}}}),
    "a trace in the headers": ((1, 2), {}, {"headers": {"traceparent": PARENT}}),
    "link": ((1, 2), {}, {"link": jobs.add.s(1)}),
    "link_error": ((1, 2), {}, {"link_error": [jobs.add.si(1, 1)]}),
    "a stamp": ((1, 2), {}, {"stamped_headers": ["mine"], "mine": "one"}),
    "limits": ((1, 2), {}, {"time_limit": 9, "soft_time_limit": 8.5}),
    "result ignored": ((1, 2), {}, {"ignore_result": True}),
    "shadow and retries": ((1, 2), {}, {"shadow": "another", "retries": 3}),
    "a member": ((1, 2), {}, {"group_id": "some", "group_index": 7, "root_id": "root", "parent_id": "parent"}),
    "an answer elsewhere": ((1, 2), {}, {"reply_to": "elsewhere"}),
    "where a message would go": ((1, 2), {}, {"queue": "q", "routing_key": "r", "serializer": "json"}),
    "an odd task id": ((1, 2), {}, {"task_id": 'one "two" é'}),
    "details": ((1, 2), {}, {"job": {"tag": "t", "user_id": 3, "workgroup": "w", "batch": "", "cores": None}}),
    "context": ((1, 2), {}, {"job": {"context": {"a": (1, 2)}, "cache_key": f"key {uuid4()}"}}),
    "context and limits": ((1, 2), {}, {"time_limit": 60, "job": {"context": {"a": 1}, "cores": 2}}),
    "a trace": ((1, 2), {}, {"job": {"traceparent": PARENT, "memory_bytes": 2**20}}),
}  # fmt: skip

_ROWS = """
    SELECT to_jsonb(j) - '{id,sent_at,changed_in}'::text[] AS job, to_jsonb(s) - '{id,job_id,sent_at}'::text[] AS owed,
           j.available_at - j.sent_at < interval '1 s' AS is_due
    FROM crobot.settlements s JOIN crobot.jobs j ON j.id = s.job_id WHERE s.task_id = :id ORDER BY j.id DESC LIMIT 1"""
#: when it may begin differs by what lies between two sends
_TIMES = ("available_at", "expires_at")
_TIMES_OF_REQUEST = ("eta", "expires")


def rows_of(task_id: str) -> dict[str, Any]:
    """What was stored of a call, but for its own numbers and times."""
    (row,) = query(_ROWS, id=task_id)
    job = {name: value for name, value in row.job.items() if name not in _TIMES}
    job["request"] = {name: value for name, value in job["request"].items() if name not in _TIMES_OF_REQUEST}
    text = json.dumps([job, row.owed]).replace(json.dumps(task_id), '"its id"')
    has_end = row.job["expires_at"] is not None
    return {"rows": json.loads(text), "is_due": row.is_due, "has_end": has_end}


def send(what: str) -> str:
    args, kwargs, options = CALLS[what]
    return str(jobs.add.apply_async(args, dict(kwargs), **options).id)


@pytest.mark.parametrize("what", CALLS)
def test_a_call_beside_one_that_is_alike_makes_the_rows_that_it_makes_alone(
    two_species: None, what: str
) -> None:
    alone = rows_of(send(what))
    with together():
        sent = [send(what) for _ in range(3)]
    assert [rows_of(one) for one in sent] == [alone] * 3


def test_calls_of_all_kinds_in_turns_make_the_rows_that_each_makes_alone(two_species: None) -> None:
    alone = [rows_of(send(what)) for what in CALLS] * 2
    with together():
        sent = [send(what) for what in [*CALLS, *CALLS]]
    odd = list(CALLS).index("an odd task id")
    numbered = [
        query("SELECT max(job_id) AS id FROM crobot.settlements WHERE task_id = :id", id=one) for one in sent
    ]
    numbers = [row.id for (row,) in numbered]
    del numbers[odd]  # its id is that of the one that was sent last
    assert numbers == sorted(numbers)
    assert [rows_of(one) for one in sent] == alone


def test_those_for_the_same_thing_join_a_live_job_and_each_other(two_species: None) -> None:
    live, other = ({"job": {"unique_key": f"key {uuid4()}"}} for _ in range(2))
    first = jobs.add.apply_async((1, 2), **live)
    with together():
        sent = [jobs.add.apply_async((1, 2), **one) for one in (live, other, {}, other, live)]
    assert [one.joined for one in sent] == [True, False, False, True, True]
    assert [one.job_id == first.job_id for one in sent] == [True, False, False, False, True]
    assert sent[1].job_id == sent[3].job_id
    owed = "SELECT count(*) AS n FROM crobot.settlements WHERE job_id = :id"
    assert query(owed, id=first.job_id)[0].n == 3


def test_one_that_was_revoked_before_is_cancelled_and_the_others_go_on(two_species: None) -> None:
    ids = [str(uuid4()) for _ in range(3)]
    with transaction() as session:
        revoking.note_ids(session, [ids[1]])
    with together():
        sent = [jobs.add.apply_async((1, 2), task_id=one) for one in ids]
    states = [query("SELECT state FROM crobot.jobs WHERE id = :id", id=one.job_id)[0].state for one in sent]
    assert states == ["WAITING", "CANCELLED", "WAITING"]


def send_after_two(args: Any, kwargs: Any, options: Any) -> None:
    with together():
        jobs.add.delay(1, 2)
        jobs.add.delay(1, 2)
        jobs.add.apply_async(args, kwargs, **options)


@pytest.mark.parametrize(
    ("args", "kwargs", "options", "said"),
    [
        ((float("nan"), 1), {}, {}, "args"),
        ((1, "\ud800"), {}, {}, "half a surrogate pair"),
        ((1, "\0"), {}, {}, "NUL"),
        ((1, object()), {}, {}, "cannot be written as JSON"),
        ((1, 2), {}, {"priority": 77}, "priority 77"),
        ((1, 2), {}, {"priority": True}, "priority True"),
        ((1, 2), {}, {"job": {"tag": "\0"}}, "NUL"),
        ((1, 2), {}, {"job": {"colour": "red"}}, "colour"),
        ((1, 2), {}, {"job": ["tag"]}, "tag"),
        ((1, 2), {}, {"expires": "never"}, "expires 'never'"),
        ((1, 2), {}, {"time_limit": -1}, "time_limit -1"),
    ],
)
def test_a_call_that_cannot_work_is_refused_beside_one_that_is_alike(
    two_species: None, args: Any, kwargs: Any, options: Any, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        send_after_two(args, kwargs, options)


def test_a_body_that_takes_no_such_arguments_is_refused_beside_one_that_does(two_species: None) -> None:
    with pytest.raises(TypeError, match="argument"):
        send_after_two((1, 2, 3), {}, {})


def test_what_a_sender_changes_later_is_sent_as_it_was(two_species: None) -> None:
    numbers, context, headers = [0], {"n": 0}, {"n": 0}
    with together():
        sent = []
        for number in range(3):
            numbers[0] = context["n"] = headers["n"] = number
            options = {"job": {"context": context}} if number < 2 else {"headers": headers}
            sent.append(jobs.add.apply_async((numbers, 1), **options))
        numbers[0] = context["n"] = headers["n"] = 9
    rows = [
        query("SELECT args, context, request FROM crobot.jobs WHERE id = :id", id=one.job_id)[0]
        for one in sent
    ]
    assert [row.args for row in rows] == [[[number], 1] for number in range(3)]
    assert [row.context for row in rows] == [{"n": 0}, {"n": 1}, {}]
    assert rows[2].request["n"] == 2


def test_whoever_listens_to_sends_hears_of_each(two_species: None) -> None:
    heard: list[str] = []

    def hear(headers: dict[str, Any], **rest: Any) -> None:
        heard.append(headers["id"])

    signals.after_task_publish.connect(hear)
    try:
        with together():
            sent = [jobs.add.delay(1, 2).id for _ in range(3)]
    finally:
        signals.after_task_publish.disconnect(hear)
    assert heard == sent


def test_every_option_that_a_job_keeps_is_the_same_for_all_of_its_own_or_makes_a_call_unusual() -> None:
    """One that would be left out of the comparison would be that of the first call, for all."""
    kept = {*CANVAS_OPTIONS, *TIMES, *_OF_MESSAGE, "priority", "ignore_result", "job"}
    assert not kept & alike.IGNORED
    assert {"link", "link_error", "chord", "chain", "headers", "stamped_headers", *TIMES} <= kept - alike.SAME
    assert alike.SAME | {*alike.OWN} <= kept
    assert {*alike.SAME_DETAILS, *alike.OWN_DETAILS} == {*Details.__annotations__}


def members(group_id: str) -> list[Any]:
    """The rows of the members of a group, in its order, with its id replaced."""
    ids = query(
        "SELECT s.task_id FROM crobot.settlements s JOIN crobot.jobs j ON j.id = s.job_id"
        " WHERE j.request ->> 'group' = :id ORDER BY j.id", id=group_id)  # fmt: skip
    return [json.loads(json.dumps(rows_of(row.task_id)).replace(group_id, "the group")) for row in ids]


def test_the_members_of_a_slice_are_those_of_celerys_group(two_species: None) -> None:
    def signatures() -> list[Any]:
        unusual = ("a member", "an odd task id")
        return [jobs.add.s(*args, **kwargs).set(**options) for what, (args, kwargs, options) in CALLS.items()
                if what not in unusual]  # fmt: skip

    with together():
        theirs = group(signatures()).apply_async(ignore_result=True)
    sends = JobsAtOnce()
    call_members(signatures(), sends)
    with transaction() as session:
        send_all(session, sends, sends.jobs)
    ours = json.loads(sends.jobs[0][0].own.request)["group"]
    assert len(members(ours)) == len(signatures())
    assert members(ours) == members(str(theirs.id))
