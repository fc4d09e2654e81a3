"""The log of a job on its page, while it grows, and whatever is in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html import escape
from pathlib import Path

import psutil

from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.operate import logs
from crobot_tasks.web.flower.pages import log as logged
from tests.command import crobot, document
from tests.integration.crobot_tasks.web.events.conftest import Flower
from tests.integration.crobot_tasks.web.flower.conftest import Person, send
from tests.processes import Cluster, wait_for


def test_a_log_is_shown_while_the_job_runs_and_asked_for_again(cluster: Cluster, viewer: Person) -> None:
    job = int(document("send", "probe", "--sleep", 100)["job"])
    wait_for("the first line", lambda: "the probe sleeps 100" in viewer.get(f"/jobs/{job}/log"))
    assert f"on=job.{job}&amp;on=log.{job}.1" in viewer.page(f"/jobs/{job}/log")
    assert f'href="/jobs/{job}/log"' in viewer.page(f"/jobs/{job}")
    crobot("cancel", job)
    wait_for("its end", lambda: 'data-live=""' in viewer.page(f"/jobs/{job}/log"))


def test_whatever_is_in_a_log_is_text_and_of_gigabytes_the_end_is_shown(
    cluster: Cluster, viewer: Person
) -> None:
    job = int(document("send", "probe", "--fail", "tool")["job"])
    crobot("wait", job, "--timeout", 60)
    path = logs.path_of(job, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    odd = "<script>alert(1)</script> \x1b[31mred\x07 \0 é \u202e"
    with path.open("wb") as file:
        file.truncate(2 * 1024**3)
        file.seek(0, 2)
        file.write(b"\n" + b"one of 10,000 lines a second\n" * 20_000 + odd.encode() + b" \xff\n")
    began = time.monotonic()
    shown = viewer.page(f"/jobs/{job}/log")
    assert time.monotonic() - began < 5
    assert escape("<script>alert(1)</script>") in shown
    assert "<script>alert" not in shown
    assert "\\x1b[31mred\\x07 \\x00 é \\u202e" in shown
    assert shown.count("one of 10,000 lines a second") == 499
    assert "2.0 GiB; the last 500 lines at most" in shown
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert "root:" not in viewer.page(f"/jobs/{job}/log")
    path.unlink()


@contextmanager
def own_log() -> Iterator[tuple[int, Path]]:
    """A job that is over, and where a log of it may be written."""
    job = int(document("send", "probe", "--fail", "tool")["job"])
    crobot("wait", job, "--timeout", 60)
    path = logs.path_of(job, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    yield job, path
    path.unlink()


def test_what_has_no_log_is_said(cluster: Cluster, viewer: Person) -> None:
    (job,) = send(1)
    assert f"job {job} has no log: not before" in viewer.get(f"/jobs/{job}/log")
    assert f"job {job} has no log of attempt 7" in viewer.get(f"/jobs/{job}/log?attempt=7")
    assert "there is no job 999999999" in viewer.get("/jobs/999999999/log", 404)
    assert "attempt 'x' is not a whole number" in viewer.get(f"/jobs/{job}/log?attempt=x", 400)
    cancel_each([job])


def test_a_log_of_control_characters_without_a_line_end_is_shown_in_part(
    cluster: Cluster, viewer: Person
) -> None:
    with own_log() as (job, path):
        path.write_bytes(b"\x1b\x07\x00\xff" * 10**6)
        shown = viewer.page(f"/jobs/{job}/log")
        assert shown.count("\\x1b\\x07\\x00\ufffd") >= logged.MOST_BYTES // 4 - 1
        assert len(shown) < 8 * logged.MOST_BYTES
        assert not {"\x1b", "\x07", "\x00"} & set(shown)


def test_a_log_into_which_10_000_lines_a_second_are_written_costs_flower_no_memory(
    cluster: Cluster, viewer: Person, flower: Flower
) -> None:
    process = psutil.Process(flower.process.pid)
    over = threading.Event()

    def write(path: Path) -> None:
        with path.open("ab") as log:
            while not over.wait(0.1):
                log.write(b"a tool says what it does\n" * 1000)
                log.flush()

    with own_log() as (job, path), ThreadPoolExecutor(1) as writer:
        writing = writer.submit(write, path)
        try:
            viewer.page(f"/jobs/{job}/log")
            before = process.memory_info().rss
            for _ in range(30):
                shown = viewer.page(f"/jobs/{job}/log")
        finally:
            over.set()
        writing.result()
        # what was read 30 times is 7.5 MiB, of which nothing is kept
        assert process.memory_info().rss - before < 64 * 1024**2
        assert shown.count("a tool says what it does") == logged.LINES
