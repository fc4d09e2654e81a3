"""Who may see the pages, and that no page of another site acts in somebody's name."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

import requests
from playwright.sync_api import Browser, Error, expect

from crobot_tasks.operate import tokens
from tests.integration.examples.webapp.conftest import User

ASKED = re.compile(r"/sign-in\?next=")


def test_a_page_asks_to_sign_in_and_then_shows_itself(webapp: str, browser: Browser) -> None:
    page = browser.new_page(base_url=webapp)
    page.goto("/upload")
    page.get_by_label("Token").fill("crobot_wrong")
    page.get_by_label("Token").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("the token is not known")
    token, _ = tokens.create(user_id=80_000, name="a browser", scopes=["uploads:send"])
    page.get_by_label("Token").fill(token)
    page.get_by_label("Token").press("Enter")
    page.wait_for_url("/upload")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("/sign-in")
    page.goto("/upload")
    page.wait_for_url(ASKED)
    page.close()


def test_a_revoked_token_ends_the_session(sign_in: Callable[..., User]) -> None:
    user = sign_in()
    tokens.revoke(tokens.caller_of(user.token).token_id)
    with suppress(Error):  # the page that is open may find it out first, and goes to sign in by itself
        user.page.goto("/trees")
    user.page.wait_for_url(ASKED)


def test_the_session_stands_for_the_token_only_where_a_page_of_the_app_asks(
    webapp: str, sign_in: Callable[..., User]
) -> None:
    (cookie,) = sign_in().page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    session, probe = {"Cookie": f"webapp={cookie['value']}"}, {"pipeline": "probe"}
    jobs = f"{webapp}/api/v1.0/jobs"

    def sent(**headers: str) -> int:
        return requests.post(jobs, json=probe, headers=session | headers, timeout=60).status_code

    assert sent() == 401
    assert sent(Origin="https://elsewhere.example.org") == 401
    assert sent(Origin="null") == 401
    assert sent(Origin=webapp) == 201
    assert requests.get(jobs, headers=session, timeout=60).status_code == 200
    assert requests.get(jobs, timeout=60).status_code == 401


def test_nobody_is_led_elsewhere_after_signing_in(webapp: str) -> None:
    token, _ = tokens.create(user_id=80_000, name="a browser", scopes=["jobs:read"])
    for following in (
        "https://elsewhere.example.org",
        "//elsewhere.example.org",
        "/\\elsewhere",
        "javascript:x",
    ):
        form = {"token": token, "next": following}
        answer = requests.post(f"{webapp}/sign-in", data=form, allow_redirects=False, timeout=60)
        assert answer.headers["Location"] == "/"
