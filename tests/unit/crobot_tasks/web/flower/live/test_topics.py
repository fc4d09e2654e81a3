"""What pages may follow, and which jobs are news of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from crobot_errors import BadInput
from crobot_tasks.web.flower.live.topics import MOST, Topic, parse_all, standing

JOB = SimpleNamespace(id=12, batch="a.b", user_id=7)


@pytest.mark.parametrize(
    "text", ["jobs", "job.12", "batch.a.b", "batch.é 1", "user.0", "cluster", "troubles", "log.12.1"]
)
def test_what_is_followed_is_read_as_it_is_written(text: str) -> None:
    assert str(Topic.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "job", "job.", "jobs.1", "nodes", "cluster.x", ".x", "job.x", "user.-1", "log.12", "log.1.x"]
)
def test_what_cannot_be_followed_is_named(text: str) -> None:
    with pytest.raises(BadInput, match="cannot be followed: pages follow jobs, job"):
        Topic.parse(text)


@pytest.mark.parametrize("number", [0, MOST + 1])
def test_a_page_follows_something_and_not_much(number: int) -> None:
    with pytest.raises(BadInput, match=f"{number} things are to be followed"):
        parse_all(["jobs"] * number)


@pytest.mark.parametrize(
    ("text", "concerned"),
    [
        ("jobs", True),
        ("job.12", True),
        ("job.1", False),
        ("batch.a.b", True),
        ("batch.a", False),
        ("user.7", True),
        ("user.12", False),
        ("cluster", False),
    ],
)
def test_a_changed_job_concerns_those_who_follow_it(text: str, concerned: bool) -> None:
    assert Topic.parse(text).concerns(JOB) is concerned


def test_how_things_stand_is_compared_where_no_job_tells_it() -> None:
    texts = ["cluster", "log.1.2", "troubles"]
    assert sorted(map(str, standing(parse_all(["jobs", "batch.x", *texts])))) == texts
