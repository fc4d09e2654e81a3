"""The examples of the page for web developers: in a shell, and in a real browser whose connection is cut."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify, request
from werkzeug.serving import make_server

from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.operate import tickets, tokens
from crobot_tasks.operate.hold import hold
from db.crobot.selection import Selection
from tests.integration.crobot_tasks.web.api.conftest import Client
from tests.integration.crobot_tasks.web.events.conftest import Flower
from tests.pages import blocks, page
from tests.processes import PATIENCE_S, Process, wait_for

PAGE = page("docs/web-developers.md")


def test_a_job_is_followed_by_curl(flower: Flower, app_of_7: Client) -> None:
    (example,) = [block for block in blocks(PAGE, "sh") if "EVENTS=" in block.text]
    script = example.text.replace("http://127.0.0.1:5555/events", flower.url)
    given = {"TOKEN": app_of_7.token, "NUMBER": str(app_of_7.probe(countdown_s=1))}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True, text=True, timeout=PATIENCE_S, env=os.environ | given, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = [line for line in done.stdout.splitlines() if line.startswith("event: ")]
    assert names[0] == "event: job"
    assert names[-1] == "event: end"
    assert '"state":"COMPLETE"' in done.stdout


@dataclass
class WebApp:
    """A page with the example's script, which reports what it shows."""

    flower: Flower
    token: str
    job_id: int
    tickets: int = 0
    shown: list[tuple[str, str]] = field(default_factory=list)

    def changes(self) -> list[tuple[str, str]]:
        """What was shown; the same may come twice after a cut, and a page shows it once."""
        return [shown for shown, _ in groupby(self.shown)]

    def flask(self) -> Flask:
        app = Flask("live_page")
        app.add_url_rule("/", view_func=self.page)
        app.add_url_rule("/live-ticket", view_func=self.ticket, methods=["POST"])
        app.add_url_rule("/shown", view_func=self.note, methods=["POST"])
        return app

    def page(self) -> str:
        (example,) = [block for block in blocks(PAGE, "js") if "EventSource" in block.text]
        function = example.text.split("\nfollow(")[0].replace("`/events?", f"`{self.flower.front_url}?")
        shows = '(name, job) => fetch("/shown", {method: "POST", body: JSON.stringify([job.state, job.hold_reason])})'
        return f"<!doctype html><script>{function}\nfollow({{job: {self.job_id}}}, {shows})</script>"

    def ticket(self) -> Any:
        self.tickets += 1
        return jsonify(ticket=tickets.create(tokens.caller_of(self.token)))

    def note(self) -> str:
        state, reason = request.get_json(force=True)
        self.shown.append((state, reason))
        return ""


@pytest.fixture
def web_app(flower: Flower, app_of_7: Client) -> Iterator[WebApp]:
    app = WebApp(flower, app_of_7.token, app_of_7.probe(countdown_s=9999))
    server = make_server("127.0.0.1", flower.page_port, app.flask(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield app
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser(web_app: WebApp, tmp_path: Path) -> Iterator[Process]:
    line = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
            f"--user-data-dir={tmp_path / 'profile'}", f"http://127.0.0.1:{web_app.flower.page_port}/"]  # fmt: skip
    process = Process("chromium", line, tmp_path)
    yield process
    process.kill()


def test_a_page_in_a_browser_shows_a_job_live_also_after_a_cut(web_app: WebApp, browser: Process) -> None:
    wait_for(f"the browser, see {browser.log}", lambda: web_app.changes() == [("WAITING", "")])
    hold(Selection(ids=(web_app.job_id,)), "before the cut")
    wait_for("the change", lambda: web_app.changes()[1:] == [("WAITING", "before the cut")])
    web_app.flower.front.reset()
    hold(Selection(ids=(web_app.job_id,)), "meanwhile")
    wait_for("what was missed", lambda: web_app.changes()[2:] == [("WAITING", "meanwhile")])
    assert web_app.tickets == 2
    cancel_each([web_app.job_id])
    wait_for("the end", lambda: web_app.changes()[3:] == [("CANCELLED", "meanwhile")])
