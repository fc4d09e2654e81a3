"""`crobot api` as a process, with gunicorn, spoken to by HTTP; and the API within somebody else's Flask app."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from flask import Flask

from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.web.api import register
from db.engine import configure, engine
from tests.command import crobot
from tests.integration.crobot_tasks.cli.test_commands import closed_port
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client
from tests.pages import blocks, page
from tests.processes import PATIENCE_S, Cluster, Process, query, value, wait_for
from tests.proxy import Proxy


@pytest.fixture(scope="module")
def server(tables: None, data_dir: Path) -> Iterator[tuple[Process, str]]:
    """The process, and its address."""
    port = closed_port()
    line = [sys.executable, "-m", "crobot_tasks.cli", "api", "--port", str(port)]
    process, address = Process("api", line, data_dir / "api"), f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return requests.get(f"{address}{ROOT}/health", timeout=30).ok
        except requests.ConnectionError:
            assert process.status == "running", process.text()
            return False

    wait_for("the API", answers)
    yield process, address
    assert process.stop() == 0


def test_a_hundred_requests_at_once_are_answered(server: tuple[Process, str], app_of_7: Client) -> None:
    process, address = server
    headers = {"Authorization": f"Bearer {app_of_7.token}"}
    item = {"pipeline": "probe", "countdown_s": 9999, "batch": "hundred"}

    def post(number: int) -> tuple[int, int]:
        own = headers | {"X-Request-Id": f"hundred-{number}"}
        answer = requests.post(f"{address}{ROOT}/jobs", json=item, headers=own, timeout=60)
        assert answer.headers["X-Request-Id"] == f"hundred-{number}"
        return answer.status_code, answer.json()["job"]

    with ThreadPoolExecutor(100) as threads:
        answers = list(threads.map(post, range(100)))
    assert {status for status, _ in answers} == {201}
    assert len({number for _, number in answers}) == 100
    sent = "SELECT count(*) FROM crobot.jobs WHERE user_id = :user AND batch = 'hundred'"
    assert value(sent, user=app_of_7.user) == 100
    wait_for("the log", lambda: f"user={app_of_7.user} request=hundred-99" in process.text())
    cancel_each(number for _, number in answers)


def test_the_session_of_the_page_for_web_developers_runs(
    cluster: Cluster, server: tuple[Process, str], app_of_7: Client
) -> None:
    (session,) = blocks(page("docs/web-developers.md"), "bash")
    script = session.text.replace("http://127.0.0.1:5556", server[1]).replace("sleep 1", "sleep 0.1")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True, text=True, timeout=PATIENCE_S, env=os.environ | {"TOKEN": app_of_7.token}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = query("SELECT id, batch FROM crobot.jobs WHERE user_id = :user ORDER BY id", user=app_of_7.user)
    assert [job.batch for job in jobs] == ["my first"] * 3 + ["", ""]
    cancel_each(job.id for job in jobs)


def test_a_body_that_does_not_say_how_long_it_is_has_the_same_limit(
    server: tuple[Process, str], app_of_7: Client
) -> None:
    headers = {"Authorization": f"Bearer {app_of_7.token}", "Content-Type": "application/json"}
    pieces = (b" " * 2**20 for _ in range(12))
    answer = requests.post(f"{server[1]}{ROOT}/jobs", data=pieces, headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


def test_an_app_of_somebody_else_keeps_its_own_pages(tables: None, app_of_7: Client) -> None:
    app = Flask("somebody_else")

    @app.get("/")
    def hello() -> str:
        return "hello"

    register(app)
    client = app.test_client()
    assert client.get("/").text == "hello"
    assert "X-Request-Id" not in client.get("/").headers
    assert client.get("/nosuch").content_type.startswith("text/html")
    assert Client(client, app_of_7.user, app_of_7.token).get(f"{ROOT}/jobs")["jobs"] == []


def test_a_database_that_is_away_is_503_and_tells_strangers_no_address(
    tables: None, app_of_7: Client
) -> None:
    proxy = Proxy(engine().url.render_as_string(hide_password=False))
    former = configure(lambda: proxy.url)
    assert former is not None
    try:
        assert app_of_7.get(f"{ROOT}/jobs")["jobs"] == []
        proxy.go_away()
        answer = app_of_7.call("POST", f"{ROOT}/jobs", 503, json={"pipeline": "probe"})
        assert answer.headers["Retry-After"] == "5"
        problem = answer.get_json()
        assert (problem["type"], problem["status"]) == ("urn:crobot:DatabaseUnreachable", 503)
        assert "nothing was stored" in problem["detail"]
        assert str(proxy.port) not in problem["detail"]
        app_of_7.problem("GET", f"{ROOT}/health", 503)
        proxy.heal()
        # with a key, a commit whose answer is lost is asked for again, and done once
        proxy.cut_commits("INSERT INTO crobot.kept_answers", stored=True)
        given = {"json": {"pipeline": "probe", "countdown_s": 9999}, "headers": {"Idempotency-Key": "cut"}}
        lost = app_of_7.problem("POST", f"{ROOT}/jobs", 503, **given)
        assert "nobody knows whether" in lost["detail"]
        again = app_of_7.call("POST", f"{ROOT}/jobs", 201, **given)
        assert again.headers["Idempotency-Replayed"] == "true"
        app_of_7.post(f"{ROOT}/jobs/{again.get_json()['job']}/cancel", status=200)
    finally:
        configure(former)
        proxy.close()
    assert value("SELECT count(*) FROM crobot.jobs WHERE user_id = :user", user=app_of_7.user) == 1


def test_a_port_that_is_taken_is_named(server: tuple[Process, str]) -> None:
    port = server[1].rsplit(":", 1)[1]
    done = crobot("api", "--port", port)
    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1 is taken: choose another --port (CROBOT_API_PORT)" in done.stderr
