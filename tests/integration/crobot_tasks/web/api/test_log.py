"""Logs of jobs by HTTP: whole, in ranges, the end of one, and followed while the job runs."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import celeryconfig
from crobot_tasks.operate import logs
from crobot_tasks.web.api import log
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client, ended
from tests.processes import Cluster, query, wait_for

Make = Callable[..., Client]
TEXT = "".join(f"line {number}\n" for number in range(1, 101)).encode()


@pytest.fixture
def job(cluster: Cluster, app_of_7: Client) -> int:
    """A complete job, with a log of 100 lines in place of its own."""
    number = app_of_7.probe()
    assert ended(number) == "COMPLETE"
    logs.path_of(number, 1).parent.mkdir(parents=True, exist_ok=True)
    logs.path_of(number, 1).write_bytes(TEXT)
    return number


def path_of(job: int, query: str = "") -> str:
    return f"{ROOT}/jobs/{job}/log{query}"


def test_a_log_is_got_whole_in_a_range_or_its_last_lines(job: int, app_of_7: Client) -> None:
    whole = app_of_7.call("GET", path_of(job), 200)
    assert (whole.data, whole.content_type) == (TEXT, "text/plain; charset=utf-8")
    part = app_of_7.call("GET", path_of(job), 206, headers={"Range": "bytes=-5"})
    assert part.data == b" 100\n"
    assert part.headers["Content-Range"] == f"bytes {len(TEXT) - 5}-{len(TEXT) - 1}/{len(TEXT)}"
    assert app_of_7.call("GET", path_of(job), 206, headers={"Range": "bytes=0-3"}).data == b"line"
    assert app_of_7.call("GET", path_of(job, "?tail=2"), 200).data == b"line 99\nline 100\n"
    assert app_of_7.call("GET", path_of(job, "?tail=9999&attempt=1"), 200).data == TEXT
    answer = app_of_7.call("GET", path_of(job), 416, headers={"Range": f"bytes={len(TEXT)}-"})
    assert answer.headers["Content-Range"] == f"bytes */{len(TEXT)}"


def test_the_last_lines_of_a_log_without_lines_are_what_is_looked_through(job: int, app_of_7: Client) -> None:
    logs.path_of(job, 1).write_bytes(b"x" * (log.TAIL + 5))
    answer = app_of_7.call("GET", path_of(job, "?tail=3"), 200)
    assert log.TAIL <= len(answer.data) < log.TAIL + 5


def test_a_log_of_two_gigabytes_is_sent_piece_by_piece(job: int, app_of_7: Client) -> None:
    size = 2 * 1024**3
    with logs.path_of(job, 1).open("r+b") as file:
        file.truncate(size)
    headers = {"Authorization": f"Bearer {app_of_7.token}"}
    with app_of_7.http.get(path_of(job), headers=headers) as answer:
        assert answer.content_length == size
        first = next(iter(answer.iter_encoded()))
        assert (len(first), first[: len(TEXT)]) == (log.PIECE, TEXT)
    assert app_of_7.call("GET", path_of(job), 206, headers={"Range": f"bytes={size - 3}-"}).data == b"\0\0\0"
    logs.path_of(job, 1).write_bytes(TEXT)


def test_a_log_is_sent_without_being_held_in_memory(job: int, app_of_7: Client) -> None:
    size = 256 * 1024**2
    with logs.path_of(job, 1).open("r+b") as file:
        file.truncate(size)
    headers = {"Authorization": f"Bearer {app_of_7.token}"}
    tracemalloc.start()
    try:
        with app_of_7.http.get(path_of(job), headers=headers) as answer:
            sent = sum(len(piece) for piece in answer.iter_encoded())
        app_of_7.call("GET", path_of(job, "?tail=500"), 200)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent == size
    # the last lines are looked for in the last 4 MiB, which are joined piece by piece
    assert most < 6 * log.TAIL
    logs.path_of(job, 1).write_bytes(TEXT)


def followed(client: Client, path: str) -> Iterator[tuple[str, str]]:
    """What each answer has, and which attempt it is of, until the server says that all is told."""
    while path:
        answer = client.call("GET", path, 200)
        link = answer.headers.get("Link", "")
        path = link.partition(">")[0].removeprefix("<")
        assert link == "" or link.endswith('>; rel="next"')
        yield answer.text, path


def test_a_job_is_followed_from_before_it_begins_until_it_is_over(cluster: Cluster, app_of_7: Client) -> None:
    number = app_of_7.probe(params={"sleep_s": 1}, countdown_s=0.3)
    answers = list(followed(app_of_7, path_of(number, "?after=0&wait=20")))
    text = "".join(told for told, _ in answers)
    assert "the probe sleeps" in text
    assert text == logs.path_of(number, 1).read_text()
    assert app_of_7.job(number)["state"] == "COMPLETE"
    # it waited for what came, and did not ask all the time
    assert len(answers) < 15


def test_following_goes_on_with_the_next_attempt(job: int, app_of_7: Client) -> None:
    logs.path_of(job, 2).parent.mkdir()
    logs.path_of(job, 2).write_text("once more\n")
    query("UPDATE crobot.jobs SET attempt = 2 WHERE id = :id RETURNING id", id=job)
    answers = list(followed(app_of_7, path_of(job, "?attempt=1&after=0")))
    assert [told for told, _ in answers] == [TEXT.decode(), "once more\n"]
    assert "attempt=2&after=0" in answers[0][1]
    query("UPDATE crobot.jobs SET attempt = 1 WHERE id = :id RETURNING id", id=job)


def test_who_follows_gets_no_more_than_a_part_at_a_time(
    job: int, app_of_7: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "FOLLOWED", 300)
    answers = [told for told, _ in followed(app_of_7, path_of(job, "?after=8"))]
    assert "".join(answers) == TEXT.decode()[8:]
    assert [len(told) for told in answers[:-1]] == [300] * (len(answers) - 1)
    app_of_7.problem("GET", path_of(job, f"?after={len(TEXT) + 1}"), 416)


def test_when_many_wait_another_is_answered_at_once(cluster: Cluster, app_of_7: Client, client: Make) -> None:
    number = app_of_7.probe(countdown_s=9999)
    clients = [app_of_7.again() for _ in range(log.MOST_WAITING)]
    with ThreadPoolExecutor(log.MOST_WAITING) as threads:
        waiting = [
            threads.submit(one.call, "GET", path_of(number, "?after=0&wait=20"), 200) for one in clients
        ]
        wait_for("all to wait", lambda: log._waiting._value == 0)
        began = time.monotonic()
        app_of_7.call("GET", path_of(number, "?after=0&wait=20"), 200)
        assert time.monotonic() - began < 10
        app_of_7.post(f"{ROOT}/jobs/{number}/cancel", {}, 200)
        # the job is over: nobody waits any more
        assert [one.result().headers.get("Link") for one in waiting] == [None] * log.MOST_WAITING


def test_why_there_is_no_log_is_said_as_the_command_does(
    tables: None, app_of_7: Client, client: Make
) -> None:
    number = app_of_7.probe(countdown_s=9999)
    says = app_of_7.problem("GET", path_of(number), 404)["detail"]
    assert says.startswith(f"job {number} has no log: not before")
    assert "of attempt 3" in app_of_7.problem("GET", path_of(number, "?attempt=3"), 404)["detail"]
    assert "there is no job" in client().problem("GET", path_of(number), 404)["detail"]
    app_of_7.post(f"{ROOT}/jobs/{number}/cancel", {}, 200)
    assert "it is CANCELLED, and wrote none" in app_of_7.problem("GET", path_of(number), 404)["detail"]


def test_a_log_that_leads_out_of_the_jobs_folder_is_none(job: int, app_of_7: Client, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    logs.path_of(job, 1).unlink()
    logs.path_of(job, 1).symlink_to(tmp_path / "secret")
    app_of_7.problem("GET", path_of(job), 404)
    assert app_of_7.call("GET", path_of(job, "?after=0"), 200).data == b""


def test_nginx_is_told_where_the_log_is(job: int, app_of_7: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celeryconfig, "crobot_api_accel", "/storage")
    answer = app_of_7.call("GET", path_of(job), 200)
    assert answer.headers["X-Accel-Redirect"].endswith(f"/{job}/1/log.txt")


@pytest.mark.parametrize(
    ("query", "field"),
    [("tail=0", "tail"), ("after=-1", "after"), ("wait=5", "wait"), ("after=1&wait=21", "wait"),
     ("after=1&tail=1", "tail"), ("attempt=x", "attempt"), ("follow=true", "follow"), ("after=0&wait=nan", "wait")],
)  # fmt: skip
def test_a_part_that_cannot_be_is_refused(tables: None, app_of_7: Client, query: str, field: str) -> None:
    assert [one["field"] for one in app_of_7.problem("GET", path_of(1, f"?{query}"), 422)["errors"]] == [
        field
    ]
