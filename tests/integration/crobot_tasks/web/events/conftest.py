"""`crobot flower` as a process, whose way to the database and from whose clients can be cut, and readers of streams."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from db.engine import engine
from tests.integration.crobot_tasks.cli.test_commands import closed_port
from tests.integration.crobot_tasks.web.api.conftest import Client, app_of_7, client, web
from tests.processes import Cluster, Process, wait_for
from tests.proxy import Proxy

__all__ = ["app_of_7", "client", "web"]

ORIGIN = "https://app.example.org"


@dataclass
class Flower:
    """The process, and the ways to it and from it."""

    process: Process
    url: str
    #: before the database
    database: Proxy
    #: before the process
    front: Proxy
    #: where a page may be that reads streams
    page_port: int

    @property
    def front_url(self) -> str:
        return f"http://127.0.0.1:{self.front.port}/events"


@pytest.fixture(scope="session")
def flower(cluster: Cluster, data_dir: Path) -> Iterator[Flower]:
    port, page_port = closed_port(), closed_port()
    database = Proxy(engine().url.render_as_string(hide_password=False))
    environment = {
        "CROBOT_FLOWER_AUTH": "viewer:looks",
        "CROBOT_FLOWER_OPERATORS": "operator:secret,ada:secret too",
        "CROBOT_FLOWER_PROXIES": "1",
        "CROBOT_DATABASE_URL": database.url,
        "CROBOT_EVENTS_ORIGINS": f"http://127.0.0.1:{page_port},{ORIGIN}",
        "CROBOT_EVENTS_STREAMS": "50",
    }
    line = [sys.executable, "-m", "crobot_tasks.cli", "flower", "--port", str(port)]
    process = Process("flower", line, data_dir / "flower", **environment)
    front = Proxy(f"http://127.0.0.1:{port}")
    running = Flower(process, f"http://127.0.0.1:{port}/events", database, front, page_port)

    def answers() -> bool:
        with suppress(requests.ConnectionError):
            return requests.get(running.url, timeout=30).status_code == 401
        assert process.status == "running", process.text()
        return False

    wait_for("Flower", answers)
    yield running
    assert process.stop() == 0
    front.close()
    database.close()
    assert "defect" not in process.text()


@dataclass(frozen=True)
class Event:
    id: str
    name: str
    data: Any


class Reader:
    """A client that reads its stream in a thread until it ends."""

    def __init__(self, url: str, token: str = "", last: str = "", **query: object) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Last-Event-ID": last} if last else {}
        self.answer = requests.get(
            url, params={k: str(v) for k, v in query.items()}, headers=headers, stream=True, timeout=200
        )
        self.events: list[Event] = []
        self.comments = 0
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        if self.answer.status_code == 200:
            self._thread.start()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        with suppress(requests.RequestException, AttributeError):
            for line in self.answer.iter_lines(chunk_size=None, decode_unicode=True):
                name, _, text = line.partition(":")
                if not line and "data" in fields:
                    self.events.append(Event(fields["id"], fields["event"], json.loads(fields["data"])))
                if not line:
                    fields = {}
                elif name:
                    fields[name] = text.removeprefix(" ")
                else:
                    self.comments += 1
        self.ended.set()

    def until(self, what: str, found: Callable[[Event], Any]) -> Event:
        """The first event that is meant."""
        event: Event = wait_for(what, lambda: next(filter(found, list(self.events)), None))
        return event

    def until_end(self) -> str:
        """Why it ended."""
        wait_for("the end of the stream", self.ended.is_set)
        assert self.events[-1].name == "end", self.events
        return str(self.events[-1].data["reason"])

    def states(self) -> list[str]:
        return [event.data["state"] for event in self.events if event.name == "job"]

    def close(self) -> None:
        if self._thread.is_alive():
            self.answer.raw.shutdown()  # the thread reads, and has the lock that a close would wait for
            self._thread.join()
        self.answer.close()


Follow = Callable[..., Reader]


@pytest.fixture
def follow(flower: Flower) -> Iterator[Follow]:
    """Opens streams, which end with the test."""
    readers: list[Reader] = []

    def open_one(who: Client | None = None, *, url: str = "", last: str = "", **query: object) -> Reader:
        readers.append(Reader(url or flower.url, who.token if who else "", last, **query))
        return readers[-1]

    yield open_one
    for reader in readers:
        reader.close()
