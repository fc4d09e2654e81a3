"""When a page is told that it is old."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from crobot_tasks.web.events.followed import Position
from crobot_tasks.web.flower.live.looking import Found
from crobot_tasks.web.flower.live.seen import Seen, digest
from crobot_tasks.web.flower.live.stream import BEAT, CHANGED, Stream
from crobot_tasks.web.flower.live.topics import Kind, Topic, parse_all

HERE = "0123abcd"
TOPICS = parse_all(["job.12", "cluster"])
CLUSTER, TROUBLES = Topic(Kind.CLUSTER), Topic(Kind.TROUBLES)
STANDS = {CLUSTER: "a", TROUBLES: "b"}


def position(seen_to: int, history: str = HERE) -> Position:
    return Position(history, seen_to)


def job(number: int, changed_in: int) -> Any:
    return SimpleNamespace(id=number, batch="", user_id=0, changed_in=changed_in)


def opened(seen_to: int = 100, history: str = HERE) -> Stream:
    return Stream(TOPICS, Seen(position(seen_to, history), digest(TOPICS, STANDS)))


def found(
    *changed: Any, first: int | None = 100, news: bool = True, stands: dict[Topic, str] = STANDS
) -> Found:
    rows = None if first is None else changed
    return Found(position(200), position(first or 0) if first else None, rows, rows if news else (), stands)


def told(stream: Stream, *looks: Found) -> list[str]:
    """What the page is told after each look."""

    async def each() -> list[str]:
        words = []
        for one in looks:
            stream.hear(one, one.stands)
            words.append(await stream.next(0.01))
        return words

    return asyncio.run(each())


def test_nothing_is_told_while_nothing_has_changed() -> None:
    assert told(opened(), found(job(13, 150)), found(job(13, 160))) == [BEAT, BEAT]


@pytest.mark.parametrize(("changed_in", "word"), [(99, BEAT), (100, CHANGED), (150, CHANGED)])
def test_who_is_new_is_told_what_changed_since_the_page_was_made(changed_in: int, word: str) -> None:
    # a look begins where the one before it, or another page, had come to
    assert told(opened(), found(job(12, changed_in), first=90, news=False)) == [word]


def test_one_change_is_told_once() -> None:
    assert told(opened(), found(job(12, 150)), found(job(12, 150), news=False)) == [CHANGED, BEAT]


def test_what_stands_otherwise_is_told_if_it_is_followed() -> None:
    looks = [found(stands=STANDS | {topic: "c"}) for topic in (TROUBLES, CLUSTER)]
    assert told(opened(), *looks) == [BEAT, CHANGED]


@pytest.mark.parametrize(
    "stream",
    [Stream(TOPICS, None), opened(history="ffffffff"), opened(300), opened(80)],
    ids=["no page", "another database", "later than the database", "earlier than was looked for"],
)
def test_a_page_of_which_nobody_knows_what_it_has_seen_is_old(stream: Stream) -> None:
    assert told(stream, found()) == [CHANGED]


def test_too_many_changes_make_every_page_of_jobs_old() -> None:
    assert told(opened(), found(), found(first=None)) == [BEAT, CHANGED]


def test_what_a_page_has_seen_is_read_as_it_is_written() -> None:
    seen = Seen(position(100), digest(TOPICS, STANDS))
    assert Seen.parse(str(seen)) == seen


@pytest.mark.parametrize("text", ["", "x", "0123abcd.100", "0123abcd.100.", "..", "0123abcd.100.<b>"])
def test_what_is_no_such_text_says_nothing(text: str) -> None:
    assert Seen.parse(text) is None
