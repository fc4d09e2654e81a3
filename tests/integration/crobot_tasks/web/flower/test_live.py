"""Pages that are left open, in a real browser: what they ask for, and what they show without being loaded again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psutil
import pytest
import requests
from playwright.sync_api import Browser, Page, Request, expect

from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.operate import logs
from tests.command import crobot, document
from tests.integration.crobot_tasks.web.events.conftest import Flower
from tests.integration.crobot_tasks.web.flower.conftest import LOGIN, Person, send
from tests.processes import Cluster, query, wait_for

#: a slow machine shows everything within this time, milliseconds
PATIENCE_MS = 120_000
#: so long nothing may be asked; more than two looks of the server
QUIET_MS = 3_000
HIDE = """
    let hidden = false;
    Object.defineProperty(document, "hidden", { get: () => hidden });
    window.hide = (now) => { hidden = now; document.dispatchEvent(new Event("visibilitychange")); };
"""
#: is lost when the page is loaded again
MARK = "window.marked = true"


class Window:
    """A page in a browser, and what it asks for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.asked.append(request.url)

    def open(self, path: str) -> None:
        """Open a page, and wait until it is told what changes."""
        with self.page.expect_response(lambda answer: "/live?" in answer.url):
            self.page.goto(path)
        self.page.evaluate(MARK)

    def until(self, text: str) -> None:
        """Wait until the page, which was not loaded again, shows a text."""
        expect(self.page.locator("#crobot-page")).to_contain_text(text, timeout=PATIENCE_MS)
        assert self.page.evaluate("window.marked")

    def asked_in(self, milliseconds: int) -> list[str]:
        """What it asks for within some time."""
        before = len(self.asked)
        self.page.wait_for_timeout(milliseconds)
        return self.asked[before:]


Open = Callable[..., Window]


@pytest.fixture
def window(browser: Browser, flower: Flower, cluster: Cluster) -> Iterator[Open]:
    """Opens windows, by way of the proxy before Flower if it is to be cut."""
    contexts = []

    def open_one(*, by_proxy: bool = False) -> Window:
        base = flower.front_url if by_proxy else flower.url
        login = {"username": LOGIN[0], "password": LOGIN[1]}
        context = browser.new_context(base_url=base.removesuffix("/events"), http_credentials=login)
        context.add_init_script(HIDE)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return Window(context.new_page())

    yield open_one
    for context in contexts:
        context.close()


def retag(batch: str, tag: str) -> None:
    query("UPDATE crobot.jobs SET tag = :tag WHERE batch = :batch RETURNING id", tag=tag, batch=batch)


def test_nothing_is_asked_while_nothing_changes_and_a_change_is_shown(window: Open) -> None:
    jobs = send(2, batch="quiet")
    opened = window()
    opened.open("/jobs?batch=quiet")
    assert opened.asked_in(QUIET_MS) == []
    others = send(1, batch="other")
    assert opened.asked_in(QUIET_MS) == []
    retag("quiet", "now otherwise")
    opened.until("now otherwise")
    assert opened.asked_in(QUIET_MS) == []
    cancel_each([*jobs, *others])


def test_the_end_of_a_job_is_shown_and_then_nobody_listens_any_more(window: Open) -> None:
    opened = window()
    number = document("send", "probe", "--sleep", 3)["job"]
    opened.open(f"/jobs/{number}")
    opened.until("complete")
    assert opened.asked_in(QUIET_MS) == []
    assert not opened.page.locator("#crobot-page").get_attribute("data-live")


def test_what_is_wrong_now_comes_to_the_overview_and_goes(window: Open) -> None:
    opened = window()
    opened.open("/")
    query(
        "UPDATE crobot.nodes SET quarantined_at = now(), quarantine_reason = 'spades is gone'"
        " WHERE name = 'calc02' RETURNING name"
    )
    opened.until("spades is gone")
    crobot("resume", "calc02")
    expect(opened.page.get_by_text("spades is gone")).to_have_count(0, timeout=PATIENCE_MS)
    assert opened.page.evaluate("window.marked")


def test_a_log_is_shown_while_it_grows_and_not_asked_for_while_it_does_not(window: Open) -> None:
    number = int(document("send", "probe", "--sleep", 300)["job"])
    opened = window()
    opened.open(f"/jobs/{number}/log")
    opened.until("the probe sleeps")
    assert opened.asked_in(QUIET_MS) == []
    with logs.path_of(number, 1).open("a") as log:
        log.write("one line more")
    opened.until("one line more")
    crobot("cancel", number)
    opened.until("cancelled")
    assert opened.asked_in(QUIET_MS) == []


def test_a_page_that_nobody_sees_does_nothing_and_shows_later_what_it_missed(window: Open) -> None:
    jobs = send(1, batch="hidden")
    opened = window()
    opened.open("/jobs?batch=hidden")
    opened.page.evaluate("hide(true)")
    retag("hidden", "missed")
    assert opened.asked_in(QUIET_MS) == []
    expect(opened.page.get_by_text("missed")).to_have_count(0)
    opened.page.evaluate("hide(false)")
    opened.until("missed")
    cancel_each(jobs)


def test_the_database_goes_away_and_comes_back_on_an_open_page(window: Open, flower: Flower) -> None:
    jobs = send(1, batch="away")
    opened = window()
    opened.open("/jobs?batch=away")
    flower.database.go_away()
    try:
        opened.until("This page cannot be shown")
        opened.until("It comes back by itself")
    finally:
        flower.database.heal()
    opened.until("1 jobs")
    assert opened.asked_in(QUIET_MS) == []
    cancel_each(jobs)


def test_a_broken_stream_comes_back(window: Open, flower: Flower) -> None:
    jobs = send(1, batch="broken")
    opened = window(by_proxy=True)
    opened.open("/jobs?batch=broken")
    flower.front.go_away()
    try:
        retag("broken", "meanwhile")
        wait_for("it to ask", lambda: opened.asked_in(200))
    finally:
        flower.front.heal()
    opened.until("meanwhile")
    retag("broken", "and again")
    opened.until("and again")
    cancel_each(jobs)


def test_a_page_that_is_closed_leaves_no_connection(window: Open, flower: Flower) -> None:
    process = psutil.Process(flower.process.pid)

    def streams() -> int:
        connections = process.net_connections("tcp4")
        return sum(one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port for one in connections)

    port = int(flower.url.rsplit(":", 1)[1].split("/")[0])
    wait_for("earlier pages to be gone", lambda: streams() == 0)
    opened = [window() for _ in range(3)]
    for one in opened:
        one.open("/jobs?batch=closed")
    assert streams() >= 3
    for one in opened:
        one.page.context.close()
    wait_for("the connections to be gone", lambda: streams() == 0)


@pytest.mark.parametrize(
    ("path", "login", "status"),
    [
        ("/live?on=jobs", None, 401),
        ("/live?on=jobs", ("operator", "wrong"), 401),
        ("/live", LOGIN, 400),
        ("/live?on=secrets", LOGIN, 400),
        ("/live?" + "&".join(["on=jobs"] * 9), LOGIN, 400),
    ],
)
def test_streams_are_behind_the_password_and_of_what_there_is(
    flower: Flower, path: str, login: tuple[str, str] | None, status: int
) -> None:
    answer = requests.get(flower.url.removesuffix("/events") + path, auth=login, timeout=60, stream=True)
    assert answer.status_code == status
    answer.close()


def test_a_page_says_as_of_when_it_is(viewer: Person) -> None:
    assert "As of 20" in viewer.get("/jobs")
