"""The app and the streams of events as processes on the cluster, and a browser."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, ConsoleMessage, Page

from crobot_tasks.intake.genomes import Genome, add_assembly
from crobot_tasks.intake.scheme_calls import send_scheme
from crobot_tasks.operate import tokens
from crobot_tasks.operate.tokens import Scope
from demo.data import DemoData
from tests.browser import chromium
from tests.integration.crobot_tasks.cli.test_commands import closed_port
from tests.integration.crobot_tasks.jobs.test_following import ended
from tests.processes import Cluster, Process, wait_for
from tests.proxy import Proxy

#: what a user of the app may do
SCOPES = (Scope.JOBS_READ, Scope.JOBS_SEND, Scope.JOBS_STEER, Scope.SPECIES_READ, Scope.UPLOADS_SEND)
#: a name that would be a script if it were not shown as text
HOSTILE = '<img src=x onerror="alert(1)"> <b>of the web app</b>'
#: users that no other test has
_users = count(80_001)


@dataclass(frozen=True)
class User:
    """Somebody who has signed in."""

    number: int
    token: str
    page: Page


@pytest.fixture(scope="session")
def line() -> Iterator[Proxy]:
    """A line to the app, which tests cut and slow down."""
    proxy = Proxy(f"http://127.0.0.1:{closed_port()}")
    yield proxy
    proxy.close()


@pytest.fixture(scope="session")
def streams() -> int:
    """The port of the streams of events."""
    return closed_port()


@pytest.fixture(scope="session")
def webapp(cluster: Cluster, data_dir: Path, line: Proxy, streams: int) -> Iterator[str]:
    """The app's address."""
    address, folder = line.url_behind, data_dir / "webapp"
    settings = {
        "WEBAPP_PORT": address.rpartition(":")[2],
        "CROBOT_EVENTS_URL": f"http://127.0.0.1:{streams}/events",
        "CROBOT_EVENTS_ORIGINS": f"{address},{line.url}",
        "CROBOT_FLOWER_OPERATORS": "operator:secret",
    }
    flower = [sys.executable, "-m", "crobot_tasks.cli", "flower", "--port", str(streams)]
    processes = [
        Process("flower", flower, folder, **settings),
        Process("webapp", [sys.executable, "-m", "examples.webapp"], folder, **settings),
    ]
    for process, path in zip(processes, (settings["CROBOT_EVENTS_URL"], f"{address}/sign-in"), strict=True):
        wait_for(process.name, lambda process=process, path=path: _answers(process, path))
    yield address
    for process in processes:
        assert process.stop() == 0
        assert "Traceback" not in process.text()


def _answers(process: Process, address: str) -> bool:
    assert process.status == "running", process.text()
    with suppress(requests.ConnectionError):
        return requests.get(address, timeout=30).status_code in (200, 401)
    return False


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def sign_in(webapp: str, browser: Browser) -> Iterator[Callable[..., User]]:
    """Signs people in, each by default a new one, in a window of their own; nothing may go wrong in its console."""
    windows, wrong, asked = [], [], set()

    def signed_in(
        *scopes: Scope, user: int | None = None, width: int = 1400, address: str = webapp, **window: str
    ) -> User:
        user = user or next(_users)
        token, _ = tokens.create(user_id=user, name="a browser", scopes=scopes or SCOPES)
        context = browser.new_context(base_url=address, viewport={"width": width, "height": 900}, **window)
        windows.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if _is_defect(said) else None)
        page.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
        page.goto("/sign-in")
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("/")
        return User(user, token, page)

    yield signed_in
    for context in windows:
        context.close()
    assert wrong == []
    # a page asks nobody else
    assert asked <= {"127.0.0.1"}


def _is_defect(said: ConsoleMessage) -> bool:
    """Whether a word of the console is of a defect: what is refused, and a line that is cut, the page shows itself."""
    return said.type == "error" and not said.text.startswith("Failed to load resource")


@pytest.fixture(scope="session")
def typed(cluster: Cluster, senterica: str, demo_data: DemoData) -> list[Genome]:
    """Two strains of the small genome, judged, and typed by MLST_Achtman; the second has a hostile name."""
    names = ("Agona of the web app", HOSTILE)
    added = [add_assembly(senterica, name, demo_data.sequenced) for name in names]
    jobs = send_scheme(senterica, "MLST_Achtman", [one.barcode for one in added])
    for job in (*[one.job_id for one in added], *[job.number for job in jobs]):
        assert ended(job) == "COMPLETE"
    return added
