"""Options of a call are checked where they are given, and become columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crobot_errors import BadInput
from crobot_tasks.lifecycle.calls.call_options import owed_of

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def test_each_send_owes_a_result_of_its_own() -> None:
    first, second = owed_of("id", {}), owed_of("id", {})
    assert first.task_id == second.task_id
    assert first.settlement_id != second.settlement_id


@pytest.mark.parametrize("eta", [AT, AT.isoformat(), "2026-01-02T03:04:00Z"])
def test_times_are_texts_of_one_form(eta: Any) -> None:
    owed = owed_of("id", {"eta": eta, "expires": eta})
    assert owed.eta == owed.expires_at == "2026-01-02T03:04:00+00:00"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"eta": "soon"}, "eta 'soon' is no time"),
        ({"eta": 5}, "eta 5 is no time"),
        ({"expires": "later"}, "expires 'later' is no time"),
        ({"countdown": "a while"}, "countdown 'a while' is not a number of seconds"),
        ({"countdown": 1e300}, "is not a number of seconds"),
        ({"expires": float("nan")}, "expires nan is not a number of seconds"),
    ],
)
def test_times_that_are_none_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        owed_of("id", options)


def test_a_link_of_a_chain_belongs_to_the_chord_that_its_last_link_is_a_member_of() -> None:
    body = {"task": "total", "options": {}}
    last = {"task": "double", "options": {"chord": body, "group_id": "the group"}}
    assert owed_of("id", {"chord": body, "group_id": "mine"}).chord_id == "mine"
    assert owed_of("id", {"chain": [last, {"task": "add", "options": {}}]}).chord_id == "the group"
    assert owed_of("id", {"chain": [{"task": "add", "options": {"group_id": "no chord"}}]}).chord_id is None
