"""The log of a job on its page, while it grows, and whatever is in it."""

from __future__ import annotations

import time
from html import escape

from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.operate import logs
from tests.command import crobot, document
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


def test_what_has_no_log_is_said(cluster: Cluster, viewer: Person) -> None:
    (job,) = send(1)
    assert f"job {job} has no log: not before" in viewer.get(f"/jobs/{job}/log")
    assert f"job {job} has no log of attempt 7" in viewer.get(f"/jobs/{job}/log?attempt=7")
    assert "there is no job 999999999" in viewer.get("/jobs/999999999/log", 404)
    assert "attempt 'x' is not a whole number" in viewer.get(f"/jobs/{job}/log?attempt=x", 400)
    cancel_each([job])
