"""The app behind nginx, with the file that it comes with: one host name for pages, API, uploads and streams."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import expect

from crobot_tasks.lifecycle.cancel import cancel_each
from tests.integration.crobot_tasks.cli.test_commands import closed_port
from tests.integration.crobot_tasks.web.api.conftest import ROOT
from tests.integration.crobot_tasks.web.api.uploads.served import answers, started_nginx
from tests.integration.examples.webapp.conftest import User
from tests.processes import Process, value, wait_for

SITE = Path("examples/webapp/nginx.conf")
SOON_MS = 60_000


@pytest.fixture
def behind_nginx(webapp: str, streams: int, data_dir: Path) -> Iterator[str]:
    """Another process of the app, and nginx before it; its address."""
    port, front, folder = closed_port(), closed_port(), data_dir / "webapp-nginx"
    address = f"http://127.0.0.1:{front}"
    settings = {
        "WEBAPP_PORT": str(port),
        "CROBOT_API_PROXIES": "1",
        "CROBOT_EVENTS_URL": f"{address}/events",
    }
    process = Process("webapp", [sys.executable, "-m", "examples.webapp"], folder, **settings)
    others = {
        "127.0.0.1:5557": f"127.0.0.1:{port}",
        "127.0.0.1:5555": f"127.0.0.1:{streams}",
        "127.0.0.1:8081": f"127.0.0.1:{front}",
    }
    wait_for("the app", lambda: answers(f"http://127.0.0.1:{port}{ROOT}", process))
    with started_nginx(folder / "nginx", SITE, others, address):
        yield address
    assert process.stop() == 0


def test_pages_streams_and_uploads_go_through_nginx(
    behind_nginx: str, senterica: str, sign_in: Callable[..., User], tmp_path: Path
) -> None:
    page = (user := sign_in(address=behind_nginx)).page
    expect(page.get_by_role("status")).to_contain_text("This page is live.", timeout=SOON_MS)
    headers = {"Authorization": f"Bearer {user.token}"}
    job = {"pipeline": "probe", "countdown_s": 3600}
    number = requests.post(f"{behind_nginx}{ROOT}/jobs", json=job, headers=headers, timeout=60).json()["job"]
    expect(page.get_by_role("link", name=str(number), exact=True)).to_be_visible(timeout=SOON_MS)
    # what changes something comes from this host name, which the app learns from nginx
    page.get_by_role("button", name=f"Cancel job {number}").click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.locator(".state.cancelled")).to_be_visible(timeout=SOON_MS)
    page.goto("/upload")
    wrong = tmp_path / "wrong_1.fastq.gz", tmp_path / "wrong_2.fastq.gz"
    for path in wrong:
        path.write_bytes(b"no reads" * 2_000_000)
    page.get_by_label("Read files").set_input_files(list(wrong))
    page.get_by_role("button", name="Send 1 pair").click()
    expect(page.get_by_role("alert").first).to_contain_text("is no gzip file", timeout=SOON_MS)
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_role("button", name="Withdraw the upload").press("Enter")
    expect(page.locator(".state.withdrawn")).to_be_visible(timeout=SOON_MS)
    assert value("SELECT state FROM crobot.jobs WHERE id = :id", id=number) == "CANCELLED"
    cancel_each([number])
