"""The operators' pages by axe."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.accessibility import grave_faults
from tests.command import crobot, document
from tests.integration.crobot_tasks.web.events.conftest import Flower
from tests.integration.crobot_tasks.web.flower.conftest import LOGIN
from tests.processes import Cluster


def test_no_page_has_a_grave_fault(flower: Flower, cluster: Cluster, browser: Browser) -> None:
    waits = document("send", "probe", "--cores", 64, "--batch", "axe")["job"]
    found = []
    window = browser.new_context(http_credentials={"username": LOGIN[0], "password": LOGIN[1]})
    page = window.new_page()
    for path in ("/", "/jobs", "/nodes", "/batches", f"/jobs/{waits}"):
        page.goto(flower.url.removesuffix("/events") + path)
        found += grave_faults(page)
    window.close()
    crobot("cancel", waits)
    assert not found, "\n".join(found)
