"""(m) Jobs that are sent over HTTP, by so many clients at a time, beside a Flask app that sends plain tasks."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Sequence
from http.client import HTTPConnection

from benchmarks import plain_web
from benchmarks.figures import Chapter, Figure, compared, percentile
from benchmarks.stage import Stage
from crobot_tasks.operate import tokens
from crobot_tasks.operate.tokens import Scope
from tests.processes import Process, wait_for

CLIENTS = (1, 10, 50)
#: requests in a round, of all clients together
REQUESTS = 400
#: jobs in one request, and such requests
TOGETHER, BATCHES = 100, 20
#: threads of both servers; each has one process
THREADS = 8


class Side:
    """One of the two servers, and what is sent to it."""

    def __init__(self, port: int, path: str, one: object, headers: dict[str, str]) -> None:
        self.port, self.path, self.one = port, path, one
        self._headers = {"Content-Type": "application/json"} | headers

    def post(self, connection: HTTPConnection, document: object) -> float:
        """Send; return the seconds until the answer has been read."""
        body, began = json.dumps(document), time.perf_counter()
        connection.request("POST", self.path, body, self._headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 201, text
        return time.perf_counter() - began

    def round(self, clients: int) -> list[float]:
        """Send from so many clients at once; return the seconds of each request."""
        took: list[float] = []

        def send() -> None:
            connection = HTTPConnection("127.0.0.1", self.port)
            took.extend(self.post(connection, self.one) for _ in range(REQUESTS // clients))
            connection.close()

        threads = [threading.Thread(target=send) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(took) == REQUESTS // clients * clients, "a client failed"
        return took


def measure(stage: Stage, rounds: int) -> Chapter:
    """Send to the one, to the other, to the one, … while neither side works its jobs off."""
    stage.close_node()
    stage.close_plain()
    ours, theirs = _ours(stage), _theirs(stage)
    for side in (ours, theirs):
        side.round(1)
    figures: list[Figure] = []
    for clients in CLIENTS:
        pairs = [(ours.round(clients), theirs.round(clients)) for _ in range(rounds)]
        for percent in (50, 95):
            values = [tuple(1000 * percentile(took, percent) for took in pair) for pair in pairs]
            figures.append(compared(f"send, {clients} clients at a time, p{percent}", "ms", values))
    figures.append(Figure(f"sent, {TOGETHER} in a request", "jobs a second", _together(ours)))
    return Chapter("m", f"sends over HTTP, {REQUESTS} in a round", "Flask and task.delay()", figures)


def _together(side: Side) -> float:
    connection, began = HTTPConnection("127.0.0.1", side.port), time.perf_counter()
    for _ in range(BATCHES):
        side.post(connection, [side.one] * TOGETHER)
    return TOGETHER * BATCHES / (time.perf_counter() - began)


def _ours(stage: Stage) -> Side:
    token, _ = tokens.create(user_id=7, name="benchmark", scopes=[Scope.JOBS_SEND])
    port = _free_port()
    # a token is not to be told that it asks too often
    settings = stage.environment | {"CROBOT_API_READS": "", "CROBOT_API_CHANGES": ""}
    line = [sys.executable, "-m", "crobot_tasks.cli", "api", "--port", str(port), "--threads", str(THREADS)]
    _start(stage, "api", line, port, settings)
    item = {"pipeline": "bench.nothing", "params": {"value": 1}}
    return Side(port, "/api/v1.0/jobs", item, {"Authorization": f"Bearer {token}"})


def _theirs(stage: Stage) -> Side:
    port = _free_port()
    line = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-k", "gthread", "--threads", str(THREADS),
            "--no-control-socket", f"{plain_web.__name__}:app"]  # fmt: skip
    url = str(plain_web.plain.app.conf.broker_url)
    _start(stage, "plain_web", line, port, {"CELERY_BROKER_URL": url, "CELERY_RESULT_BACKEND": url})
    return Side(port, "/send", {"value": 1}, {})


def _start(stage: Stage, name: str, line: Sequence[str], port: int, settings: dict[str, str]) -> None:
    process = stage.processes[name] = Process(name, list(line), stage.folder, **settings)

    def listens() -> bool:
        assert process.status == "running", process.text()
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    wait_for(name, listens)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
