"""`crobot api` as a process, with gunicorn, spoken to by HTTP; and the API within somebody else's Flask app."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from pathlib import Path

import pytest
import requests
from flask import Flask
from kombu import Connection

from crobot_tasks.celery import app as celery_app
from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.operate import logs
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api import register
from db.engine import configure, engine
from tests.command import crobot
from tests.integration.crobot_tasks.cli.test_commands import closed_port
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client
from tests.pages import blocks, page
from tests.processes import PATIENCE_S, Cluster, Process, query, value, wait_for
from tests.proxy import Proxy


def test_five_hundred_requests_at_once_are_answered(server: tuple[Process, str], app_of_7: Client) -> None:
    process, address = server
    headers = {"Authorization": f"Bearer {app_of_7.token}"}
    item = {"pipeline": "probe", "countdown_s": 9999, "batch": "many at once"}

    def post(number: int) -> tuple[int, int]:
        own = headers | {"X-Request-Id": f"many-{number}"}
        answer = requests.post(f"{address}{ROOT}/jobs", json=item, headers=own, timeout=PATIENCE_S)
        assert answer.headers["X-Request-Id"] == f"many-{number}"
        return answer.status_code, answer.json()["job"]

    with ThreadPoolExecutor(500) as threads:
        answers = list(threads.map(post, range(500)))
    assert {status for status, _ in answers} == {201}
    assert len({number for _, number in answers}) == 500
    sent = "SELECT count(*) FROM crobot.jobs WHERE user_id = :user AND batch = 'many at once'"
    assert value(sent, user=app_of_7.user) == 500
    wait_for("the log", lambda: f"user={app_of_7.user} request=many-499" in process.text())
    cancel_each(number for _, number in answers)


def spoken(server: tuple[Process, str], client: Client, path: str, *lines: str) -> socket.socket:
    """A connection on which the head of a request has been sent."""
    host, _, port = server[1].removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
    head = (f"{path} HTTP/1.1", "Host: api", f"Authorization: Bearer {client.token}", *lines, "", "")
    connection.sendall("\r\n".join(head).encode())
    return connection


def test_a_body_of_100_mb_is_refused_before_it_is_sent(server: tuple[Process, str], app_of_7: Client) -> None:
    lines = ("Content-Type: application/json", f"Content-Length: {100 * 10**6}")
    with spoken(server, app_of_7, f"POST {ROOT}/jobs", *lines) as connection:
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.status == 413
        assert b"larger than 10 MB" in answer.read()


def test_a_client_that_goes_away_stores_nothing_or_all_of_it_and_hinders_nobody(
    server: tuple[Process, str], app_of_7: Client
) -> None:
    body = b'{"pipeline": "probe", "countdown_s": 9999, "tag": "gone"}'
    lines = ("Content-Type: application/json", f"Content-Length: {len(body)}", "Idempotency-Key: gone")
    # as many as there are threads, in the middle of the body; their time is not waited for
    for _ in range(8):
        with spoken(server, app_of_7, f"POST {ROOT}/jobs", *lines) as connection:
            connection.sendall(body[:20])
    jobs = "SELECT count(*) FROM crobot.jobs WHERE user_id = :user"
    headers = {"Authorization": f"Bearer {app_of_7.token}"}
    assert requests.get(f"{server[1]}{ROOT}/jobs", headers=headers, timeout=PATIENCE_S).json()["jobs"] == []
    assert value(jobs, user=app_of_7.user) == 0
    # before the answer: the job is there, and the same request gets it
    with spoken(server, app_of_7, f"POST {ROOT}/jobs", *lines) as connection:
        connection.sendall(body)
    number = wait_for("the job", lambda: value("SELECT id FROM crobot.jobs WHERE tag = 'gone'"))
    again = headers | {"Idempotency-Key": "gone", "Content-Type": "application/json"}
    answer = requests.post(f"{server[1]}{ROOT}/jobs", data=body, headers=again, timeout=PATIENCE_S)
    assert (answer.json()["job"], answer.headers["Idempotency-Replayed"]) == (number, "true")
    # in the middle of a long answer
    log = logs.path_of(number, 1)
    log.parent.mkdir(parents=True)
    with log.open("wb") as file:
        file.truncate(1024**3)
    for _ in range(8):
        with spoken(server, app_of_7, f"GET {ROOT}/jobs/{number}/log?attempt=1") as connection:
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    answer = requests.post(f"{server[1]}{ROOT}/jobs/{number}/cancel", headers=headers, timeout=PATIENCE_S)
    assert answer.json()["state"] == "CANCELLED"
    log.unlink()


def test_while_the_broker_is_away_jobs_are_stored_and_its_absence_is_told(
    tables: None, app_of_7: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = f"redis://127.0.0.1:{closed_port()}/0"
    monkeypatch.setattr(celery_app, "connection_for_write", lambda: Connection(away))
    answer = app_of_7.call("GET", f"{ROOT}/health", 503)
    assert (answer.headers["Retry-After"], "jobs are stored all the same" in answer.text) == ("5", True)
    number = app_of_7.probe(countdown_s=9999)
    app_of_7.post(f"{ROOT}/jobs/{number}/cancel", status=200)


def test_the_session_of_the_page_for_web_developers_runs(
    cluster: Cluster,
    senterica: str,
    server: tuple[Process, str],
    client: Callable[..., Client],
    tmp_path: Path,
) -> None:
    web_app = client(Scope.JOBS_READ, Scope.JOBS_SEND, Scope.JOBS_STEER, Scope.SPECIES_READ)
    (session,) = blocks(page("docs/web-developers.md"), "bash")
    script = session.text.replace("http://127.0.0.1:5556", server[1]).replace("sleep 1", "sleep 0.1")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path,
        capture_output=True, text=True, timeout=PATIENCE_S, env=os.environ | {"TOKEN": web_app.token}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the probe sleeps 1 s" in done.stdout
    jobs = query("SELECT id, batch FROM crobot.jobs WHERE user_id = :user ORDER BY id", user=web_app.user)
    assert [job.batch for job in jobs[:6]] == ["my first", "", "my first", "my first", "", ""]
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
