"""Pages of the operator: what they show of a running cluster, and what they say when they cannot."""

from __future__ import annotations

from html import escape, unescape
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.cancel import cancel_each
from db.engine import transaction
from tests.command import crobot, document
from tests.integration.crobot_tasks.maintenance.past import move
from tests.integration.crobot_tasks.web.events.conftest import Flower
from tests.integration.crobot_tasks.web.flower.conftest import LOGIN, Get
from tests.processes import Cluster, query

PAGES = ("/", "/jobs", "/jobs?state=LIVE&user=7", "/nodes", "/batches", "/analyses", "/policy", "/audit")
ODD = """<script>alert("x")</script> & 'so'"""


@pytest.mark.parametrize("path", [*PAGES, "/jobs/1", "/crobot/live.js", "/metrics", "/workers"])
def test_pages_are_behind_the_password(get: Get, path: str) -> None:
    if path != "/crobot/live.js":
        get(path, 401, login=None)
        get(path, 401, login=("operator", "wrong"))


def test_the_start_page_says_what_waits_and_why(cluster: Cluster, get: Get) -> None:
    number = document("send", "probe", "--cores", 64)["job"]
    shown = get("/").text
    assert "no node offers probe: has" in shown
    assert "the job needs 64 cores" in shown
    assert 'href="/jobs?state=LIVE&amp;pipeline=probe"' in shown
    assert "has 2 cores in all, the job needs 64 cores" in get(f"/jobs/{number}").text
    crobot("cancel", number)


def test_what_is_wrong_is_said_with_the_way_out(cluster: Cluster, get: Get) -> None:
    query(
        "UPDATE crobot.nodes SET quarantined_at = now(), quarantine_reason = 'spades: <not> found'"
        " WHERE name = 'calc02' RETURNING name"
    )
    shown = get("/").text
    assert "What is wrong now" in shown
    assert "calc02 is in quarantine: spades: &lt;not&gt; found" in shown
    assert "mend it, then `crobot resume calc02`" in shown
    assert "spades: &lt;not&gt; found" in get("/nodes").text
    crobot("resume", "calc02")


def test_pages_show_past_jobs_with_the_others(cluster: Cluster, get: Get) -> None:
    numbers = [document("send", "probe", "--tag", "past pages", "--value", "seven")["job"] for _ in range(2)]
    crobot("wait", *numbers, "--timeout", 60)
    move(numbers[0])
    shown = get(f"/jobs/{numbers[0]}").text
    assert "seven" in shown
    listed = get("/jobs?tag=past%20pages").text
    assert all(f'href="/jobs/{number}"' in listed for number in numbers)
    assert "past pages" in get("/jobs?state=COMPLETE").text


def test_names_that_a_user_chooses_are_text_on_every_page(cluster: Cluster, get: Get) -> None:
    number = document("send", "probe", "--value", ODD, "--tag", ODD, "--batch", ODD, "--workgroup", ODD)[
        "job"
    ]
    crobot("wait", number, "--timeout", 60)
    for path in (f"/jobs/{number}", "/jobs", "/", "/batches"):
        assert "<script>alert" not in get(path).text
    assert "&lt;script&gt;alert" in get(f"/jobs/{number}").text
    assert f'value="{escape(ODD)}"' in get(f"/jobs?batch={quote(ODD)}").text.replace("&#39;", "&#x27;")


def test_jobs_are_selected_and_read_by_pages(cluster: Cluster, get: Get) -> None:
    with transaction():
        numbers = [
            app.tasks["probe"].apply_async(kwargs={"params": {}}, countdown=3600, job={"batch": ODD}).job_id
            for _ in range(62)
        ]
    selected = f"/jobs?state=WAITING&batch={quote(ODD)}"
    first = get(selected).text
    assert "62 jobs" in first
    assert "not before" in first
    assert [number for number in numbers if f'href="/jobs/{number}"' in first] == numbers[12:]
    older = unescape(first).split("before=")[1].split('"')[0]
    second = get(f"{selected}&before={older}").text
    assert [number for number in numbers if f'href="/jobs/{number}"' in second] == numbers[:12]
    cancel_each(numbers)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/jobs/999999999999", 404, "there is no job 999999999999"),
        ("/jobs?user=x%27", 400, """user "x'" is not a whole number"""),
        ("/jobs?user=99999999999", 400, "is not a whole number"),
        ("/jobs?before=-1", 400, "is not a whole number"),
        ("/jobs?state=DONE", 400, "there is no state 'DONE': choose one of LIVE, HELD, WAITING"),
        ("/batches/nosuch", 404, "nosuch"),
        ("/nosuch", 404, ""),
    ],
    ids=range(7),
)
def test_what_is_not_there_or_wrong_is_said(get: Get, path: str, status: int, said: str) -> None:
    assert said in unescape(get(path, status).text)


def test_without_the_database_a_page_says_so_and_comes_back(flower: Flower, get: Get) -> None:
    flower.database.go_away()
    try:
        for path in PAGES:
            assert "This page cannot be shown" in get(path, 503).text
    finally:
        flower.database.heal()
    for path in PAGES:
        get(path)


def test_a_page_that_is_left_open_shows_how_it_goes_on(
    flower: Flower, cluster: Cluster, browser: Browser
) -> None:
    number = document("send", "probe", "--sleep", 4)["job"]
    login = {"username": LOGIN[0], "password": LOGIN[1]}
    for width in (1400, 400):
        window = browser.new_context(viewport={"width": width, "height": 900}, http_credentials=login)
        page, wrong = window.new_page(), []
        page.on("pageerror", lambda error, wrong=wrong: wrong.append(str(error)))
        for path in (*PAGES, f"/jobs/{number}"):
            page.goto(flower.url.removesuffix("/events") + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        expect(page.get_by_role("heading", level=1)).to_contain_text("complete")
        assert wrong == []
        window.close()
