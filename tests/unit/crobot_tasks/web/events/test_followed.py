"""What an address asks to follow, and positions as texts."""

from __future__ import annotations

import pytest

from crobot_errors import BadInput
from crobot_tasks.web.events.followed import Followed, Kind, Position, read


def test_one_job_one_batch_or_one_user_is_followed() -> None:
    assert read({"job": ["7"]}, 3) == Followed(Kind.JOB, 7)
    assert read({"batch": ["my first"], "ticket": ["x"]}, 3) == Followed(Kind.BATCH, name="my first")
    assert read({"user": ["me"], "last_event_id": ["x"]}, 3) == Followed(Kind.USER, 3)
    assert read({"user": ["0"]}, 3) == Followed(Kind.USER, 0)


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"job": ["1"], "batch": ["a"]},
        {"job": ["0"]},
        {"job": ["٣"]},
        {"job": [" 1"]},
        {"job": [str(2**63)]},
        {"user": [str(2**31)]},
        {"job": ["1", "1"]},
        {"job": ["1"], "id": ["1"]},
        {"batch": ["a" * 1001]},
    ],
)
def test_anything_else_is_refused(query: dict[str, list[str]]) -> None:
    with pytest.raises(BadInput):
        read(query, 3)


def test_a_position_is_read_as_it_was_written_and_nothing_else_is() -> None:
    position = Position("0123abcd", 17)
    assert Position.parse(str(position)) == position
    for text in (
        "",
        "17",
        "0123abcd",
        "0123abcd.",
        "0123abcd.-1",
        "0123ABCD.1",
        "0123abcd.1 ",
        f"0123abcd.{10**19}",
    ):
        assert Position.parse(text) is None


def test_only_what_came_before_in_the_same_history_can_be_continued() -> None:
    now = Position("0123abcd", 17)
    assert Position("0123abcd", 17).is_before(now)
    assert Position("0123abcd", 3).is_before(now)
    assert not Position("0123abcd", 18).is_before(now)
    assert not Position("ffffffff", 3).is_before(now)
