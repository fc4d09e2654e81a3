"""An operator's hands on the pages: a browser, with and without scripts, and the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from crobot_tasks.lifecycle.cancel import cancel_each
from tests.integration.crobot_tasks.web.events.conftest import Flower
from tests.integration.crobot_tasks.web.flower.conftest import LOGIN, Person, change, send
from tests.processes import Cluster, query, value

STATE = "SELECT state FROM crobot.jobs WHERE id = :id"


def open_page(browser: Browser, operator: Person, width: int, *, scripts: bool = True) -> Page:
    window = browser.new_context(
        base_url=operator.base,
        viewport={"width": width, "height": 900},
        http_credentials={"username": LOGIN[0], "password": LOGIN[1]},
        java_script_enabled=scripts,
        color_scheme="dark" if width < 1000 else "light",
    )
    return window.new_page()


@pytest.mark.parametrize(("width", "scripts"), [(400, False), (1400, True)])
def test_ticked_jobs_are_cancelled_by_the_keyboard_alone(
    cluster: Cluster, flower: Flower, browser: Browser, operator: Person, width: int, scripts: bool
) -> None:
    jobs = send(3, batch=f"hand{width}")
    page = open_page(browser, operator, width, scripts=scripts)
    page.goto(f"/jobs?batch=hand{width}")
    for job in jobs[:2]:
        page.get_by_label(f"job {job}", exact=True).press("Space")
    page.get_by_label("Do", exact=True).select_option("cancel")
    page.get_by_role("button", name="with those that are ticked…").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancel 2 jobs?")
    page.get_by_label("Why, for those who wonder").fill("by hand")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("cancel: 2 of 2 jobs")
    assert [value(STATE, id=job) for job in jobs] == ["CANCELLED", "CANCELLED", "WAITING"]
    # back, as one does: no browser keeps the page, so it counts anew
    page.go_back()
    expect(page.get_by_text("None of them is live: there is nothing to do.")).to_be_visible()
    page.context.close()
    cancel_each(jobs)


def test_pages_with_forms_fit_and_break_no_rule_of_their_own(
    cluster: Cluster, browser: Browser, operator: Person
) -> None:
    jobs = send(101, batch="wide", tag="t" * 200)
    operator.do("hold", jobs[0], reason="w" * 300)
    cancel_each(jobs[1:2])
    last = value("SELECT max(id) FROM crobot.changes WHERE part_of IS NULL")
    everything = "/jobs/change?what=cancel&all=1&batch=wide"
    resend = change("resend", jobs[1])
    for width in (1400, 400):
        page, wrong = open_page(browser, operator, width), list[str]()
        page.on("pageerror", lambda error, wrong=wrong: wrong.append(str(error)))
        page.on(
            "console", lambda said, wrong=wrong: wrong.append(said.text) if said.type == "error" else None
        )
        for path in (everything, resend, "/audit", f"/audit/{last}", f"/jobs/{jobs[0]}", "/jobs?batch=wide"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert wrong == []
        page.context.close()
    cancel_each(jobs)


def test_a_list_in_which_something_is_ticked_is_not_replaced(
    cluster: Cluster, browser: Browser, operator: Person
) -> None:
    jobs = send(2, batch="ticked")
    page = open_page(browser, operator, 1400)
    with page.expect_response(lambda answer: "/live?" in answer.url):
        page.goto("/jobs?batch=ticked")
    box = page.get_by_label(f"job {jobs[0]}", exact=True)
    box.check()
    box.blur()
    query("UPDATE crobot.jobs SET tag = 'newer' WHERE batch = 'ticked' RETURNING id")
    page.wait_for_timeout(5_000)
    assert box.is_checked()
    box.uncheck()
    box.blur()
    expect(page.get_by_text("newer").first).to_be_visible(timeout=60_000)
    page.context.close()
    cancel_each(jobs)
