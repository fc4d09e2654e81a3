"""How many requests a token may make: counted in the broker's store, and by nobody while that is away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crobot_errors import BadInput
from crobot_tasks.web.api import access
from crobot_tasks.web.api.rates import Rates, rates
from tests.integration.crobot_tasks.cli.test_commands import closed_port
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client
from tests.processes import value

Make = Callable[..., Client]


@pytest.fixture
def limited(tables: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], None]:
    """Gives the API other limits, in the store that is in use or in another one."""
    usual = rates()

    def limit(reads: str, changes: str, store: str = "") -> None:
        made = Rates(store or "memory://", reads, changes)
        if not store:
            made._counter = usual._counter
        monkeypatch.setattr(access, "rates", lambda: made)

    return limit


def test_a_token_that_asks_too_often_is_told_when_to_come_again(
    limited: Callable[..., None], client: Make
) -> None:
    limited("3/hour", "2/hour")
    eager, other = client(), client()
    for _ in range(3):
        eager.get(f"{ROOT}/jobs")
    answer = eager.call("GET", f"{ROOT}/jobs", 429)
    assert answer.content_type == "application/problem+json"
    assert 1 <= int(answer.headers["Retry-After"]) <= 3600
    assert "3 requests in 3,600 s that only read" in answer.get_json()["detail"]
    numbers = [eager.probe(countdown_s=9999) for _ in range(2)]
    assert "that change something" in eager.problem("POST", f"{ROOT}/jobs", 429, json={})["detail"]
    assert value("SELECT count(*) FROM crobot.jobs WHERE user_id = :user", user=eager.user) == 2
    other.get(f"{ROOT}/jobs")
    limited("", "")
    for number in numbers:
        eager.post(f"{ROOT}/jobs/{number}/cancel", status=200)


def test_while_the_store_is_away_nobody_is_refused_and_the_log_says_so(
    limited: Callable[..., None], client: Make, caplog: pytest.LogCaptureFixture
) -> None:
    limited("1/hour", "1/hour", f"redis://127.0.0.1:{closed_port()}")
    one = client()
    for _ in range(3):
        one.get(f"{ROOT}/jobs")
    # said once, and not asked again for a while
    assert caplog.text.count("requests are not counted for 10 s, since the store is away") == 1


@pytest.mark.parametrize("text", ["many", "5", "5/fortnight"])
def test_a_limit_that_cannot_be_is_named_with_its_setting(text: str) -> None:
    with pytest.raises(BadInput, match="CROBOT_API_CHANGES is '.*': write it like 600/minute"):
        Rates("memory://", "", text)
