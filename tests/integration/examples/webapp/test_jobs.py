"""The pages of jobs: live, steered by keyboard, in plain words; names that have HTML in them are only text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests
from playwright.sync_api import Locator, Page, Route, expect

from crobot_tasks.lifecycle.cancel import cancel_each
from tests.integration.crobot_tasks.web.api.conftest import ROOT
from tests.integration.examples.webapp.conftest import User
from tests.processes import query

SignIn = Callable[..., User]
SOON_MS = 30_000
#: one that begins in an hour
LATER = {"countdown_s": 3600}
HTML = "<img src=x onerror=alert(1)><b>bold</b>"


def sent(user: User, webapp: str, *jobs: dict[str, Any]) -> list[int]:
    """Send probes as this user; their numbers."""
    items = [{"pipeline": "probe"} | job for job in jobs]
    headers = {"Authorization": f"Bearer {user.token}"}
    answer = requests.post(f"{webapp}{ROOT}/jobs", json=items, headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text
    return [one["job"] for one in answer.json()["jobs"]]


def row(page: Page, number: int) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=str(number), exact=True))


def is_narrow(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_jobs_are_live_and_say_why_they_wait(sign_in: SignIn, webapp: str) -> None:
    page = (user := sign_in(width=400)).page
    expect(page.get_by_role("status")).to_contain_text("This page is live.")
    waits, runs = sent(user, webapp, LATER | {"tag": HTML}, {"params": {"sleep_s": 2}})
    expect(row(page, waits)).to_contain_text("not before", timeout=SOON_MS)
    expect(row(page, waits)).to_contain_text(HTML)
    assert page.locator("main img, td b").count() == 0
    expect(row(page, runs).locator(".state")).to_have_text("running", timeout=SOON_MS)
    expect(row(page, runs).get_by_role("progressbar")).to_be_visible()
    expect(row(page, runs).locator(".state")).to_have_text("complete", timeout=SOON_MS)
    expect(page.get_by_role("status")).to_contain_text("1 waiting, 0 at work")
    assert is_narrow(page)
    row(page, waits).get_by_role("link").click()
    expect(
        page.get_by_text(re.compile("^It begins in (1 hour|[56][0-9] minutes) at the earliest"))
    ).to_be_visible()
    expect(page.get_by_text(HTML)).to_be_visible()
    assert page.locator("main img").count() == 0
    assert is_narrow(page)
    cancel_each([waits])
    expect(page.locator(".state").first).to_have_text("cancelled", timeout=SOON_MS)


def test_a_job_that_fits_nowhere_says_what_each_node_lacks(sign_in: SignIn, webapp: str) -> None:
    page = (user := sign_in()).page
    (number,) = sent(user, webapp, {"params": {"cores": 64}})
    page.goto(f"/jobs/{number}")
    expect(page.get_by_text("Nobody can say when it begins.")).to_be_visible()
    lacks = page.get_by_role("listitem").filter(has_text="calc01")
    expect(lacks).to_contain_text("has 2 cores in all, the job needs 64 cores")


def test_a_job_is_cancelled_by_keyboard_after_a_question(sign_in: SignIn, webapp: str) -> None:
    page = (user := sign_in()).page
    (number,) = sent(user, webapp, LATER)
    button = page.get_by_role("button", name=f"Cancel job {number}")
    button.focus()
    button.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("the wrong isolate")
    page.keyboard.press("Enter")
    expect(row(page, number).locator(".state")).to_have_text("cancelled", timeout=SOON_MS)
    expect(row(page, number)).to_contain_text("the wrong isolate")


def test_a_job_is_held_released_and_sent_again_with_other_parameters(sign_in: SignIn, webapp: str) -> None:
    page = (user := sign_in()).page
    waits, failed = sent(user, webapp, LATER, {"params": {"fail": "tool", "sleep_s": 0.1}})
    page.goto(f"/jobs/{waits}")
    page.get_by_role("button", name="Hold").click()
    page.get_by_label("Reason").fill("let me look")
    page.get_by_role("button", name="Hold the job").click()
    expect(page.get_by_text("held: let me look")).to_be_visible(timeout=SOON_MS)
    page.get_by_role("button", name="Release").click()
    page.get_by_role("button", name="Release the job").click()
    expect(page.get_by_text("not before")).to_be_visible(timeout=SOON_MS)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_text("It was cancelled.")).to_be_visible(timeout=SOON_MS)

    page.goto(f"/jobs/{failed}")
    expect(page.get_by_text("The tools could not work with this input.")).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_label("Log", exact=True)).to_contain_text("the probe sleeps 0.1 s")
    page.get_by_role("button", name="again").click()
    page.get_by_label("Other parameters").fill("fail is none")
    page.get_by_role("button", name="Send again", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("“fail is none” is no parameter: write name = value")
    page.get_by_role("button", name="again").click()
    page.get_by_label("Other parameters").fill('fail = null\nvalue = "found it"')
    page.get_by_label("Priority").fill("2")
    page.get_by_role("button", name="Send again", exact=True).click()
    expect(page.get_by_text("It is complete.")).to_be_visible(timeout=SOON_MS)
    expect(page.get_by_role("definition").filter(has_text="found it")).to_be_visible()
    expect(page.get_by_role("link", name=f"job {failed}")).to_be_visible()


def test_a_log_is_followed_while_the_job_runs(sign_in: SignIn, webapp: str) -> None:
    page = (user := sign_in()).page
    (number,) = sent(user, webapp, {"params": {"sleep_s": 3}})
    page.goto(f"/jobs/{number}")
    log = page.get_by_label("Log", exact=True)
    expect(log).to_contain_text("the probe sleeps 3 s", timeout=SOON_MS)
    expect(page.locator(".state").first).to_have_text("running")
    expect(log).to_contain_text("sleep ended (0)", timeout=SOON_MS)
    expect(page.get_by_text("It is complete.")).to_be_visible(timeout=SOON_MS)


def test_older_jobs_come_by_pages_and_are_filtered_by_state(sign_in: SignIn, webapp: str) -> None:
    page = (user := sign_in()).page
    numbers = sent(user, webapp, *[LATER] * 60)
    page.reload()
    rows = page.get_by_role("row")
    expect(rows).to_have_count(1 + 50)
    page.get_by_role("button", name="Older jobs").click()
    expect(rows).to_have_count(1 + 60)
    cancel_each(numbers[:3])
    page.get_by_label("Show").select_option("CANCELLED")
    expect(rows).to_have_count(1 + 3)
    # one that is cancelled now comes to those that are listed
    cancel_each(numbers[3:4])
    expect(rows).to_have_count(1 + 4, timeout=SOON_MS)
    page.get_by_label("Show").select_option("FAILED")
    expect(page.get_by_text("No such job.")).to_be_visible()
    cancel_each(numbers)


def test_where_there_are_no_streams_the_page_asks_again_and_again(sign_in: SignIn, webapp: str) -> None:
    page = (user := sign_in()).page

    def away(route: Route) -> None:
        # as a server answers that was told no CROBOT_EVENTS_URL
        route.fulfill(status=404, json={"status": 404, "detail": "streams are at another address"})

    page.route("**/events/tickets", away)
    page.reload()
    (number,) = sent(user, webapp, {"params": {"sleep_s": 0.1}})
    expect(row(page, number).locator(".state")).to_have_text("complete", timeout=SOON_MS)


def test_a_job_that_is_not_there_is_said_to_be_so(sign_in: SignIn) -> None:
    page = sign_in().page
    page.goto("/jobs/999999999")
    expect(page.get_by_role("alert")).to_contain_text("there is no job 999999999")


@pytest.fixture(autouse=True)
def no_jobs_left() -> Any:
    """Jobs of a test that failed are not left to others."""
    yield
    live = "SELECT id FROM crobot.jobs WHERE user_id > 80000 AND user_id < 81000 AND finished_at IS NULL"
    cancel_each(row.id for row in query(live))
