"""Clients of the HTTP API with tokens, on the database that the cluster works on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from crobot_tasks.operate import tokens
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api.server import application
from tests.integration.crobot_tasks.cli.test_commands import closed_port
from tests.processes import Process, value, wait_for

ROOT = "/api/v1.0"
EVERYTHING = (Scope.JOBS_READ, Scope.JOBS_SEND, Scope.JOBS_STEER, Scope.NODES_READ)
#: users that no other test has
_users = count(70_001)


@dataclass
class Client:
    """A web app: it has a token, and speaks JSON."""

    http: FlaskClient
    user: int
    token: str = ""

    def call(self, method: str, path: str, status: int, **options: Any) -> Any:
        """The answer's document; it must have this status."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        answer = self.http.open(path, method=method, headers=headers, buffered=True, **options)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer

    def again(self) -> Client:
        """The same for another thread."""
        return Client(self.http.application.test_client(), self.user, self.token)

    def get(self, path: str, status: int = 200, **options: Any) -> Any:
        return self.call("GET", path, status, **options).get_json()

    def post(self, path: str, document: Any = None, status: int = 201, **options: Any) -> Any:
        given = {} if document is None else {"json": document}
        return self.call("POST", path, status, **given, **options).get_json()

    def problem(self, method: str, path: str, status: int, **options: Any) -> Any:
        """What is said to be wrong."""
        answer = self.call(method, path, status, **options)
        assert answer.content_type == "application/problem+json"
        assert answer.headers["X-Request-Id"]
        document = answer.get_json()
        assert document["status"] == status
        return document

    def probe(self, status: int = 201, **item: Any) -> int:
        """Send a probe; its number."""
        return int(self.post(f"{ROOT}/jobs", {"pipeline": "probe", **item}, status)["job"])

    def job(self, number: int, query: str = "") -> Any:
        return self.get(f"{ROOT}/jobs/{number}{query}")


@pytest.fixture(scope="session")
def web(tables: None) -> Flask:
    return application()


@pytest.fixture
def client(web: Flask) -> Callable[..., Client]:
    """Makes clients, each by default of a user of its own."""

    def make(*scopes: Scope, user: int | None = None, workgroup: str = "") -> Client:
        user = user or next(_users)
        token, _ = tokens.create(
            user_id=user, name="a test", scopes=scopes or EVERYTHING, workgroup=workgroup
        )
        return Client(web.test_client(), user, token)

    return make


@pytest.fixture
def app_of_7(client: Callable[..., Client]) -> Client:
    """A client that may do everything with its own jobs."""
    return client()


def ended(number: int) -> str:
    """How a job ended, once it has."""
    over = "SELECT state FROM crobot.jobs WHERE id = :id AND finished_at IS NOT NULL"
    return str(wait_for(f"job {number} to end", lambda: value(over, id=number)))


@pytest.fixture(scope="session")
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
