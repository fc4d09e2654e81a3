"""Where a request comes from."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

import celeryconfig
from crobot_errors import NotAllowed
from crobot_tasks.web.flower.origin import address_of, check_origin


def request(**headers: str) -> HTTPServerRequest:
    given = HTTPHeaders({name.replace("_", "-"): text for name, text in headers.items()} | {"Host": "a.org"})
    found = HTTPServerRequest(start_line=RequestStartLine("POST", "/nodes", "HTTP/1.1"), headers=given)
    found.remote_ip = "127.0.0.1"
    return found


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://a.org"},
        {"Sec_Fetch_Site": "same-origin"},
        {"Origin": "http://a.org", "Sec_Fetch_Site": "same-origin"},
    ],
    ids=range(4),
)
def test_a_form_of_this_site_is_taken(headers: dict[str, str]) -> None:
    check_origin(request(**headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://b.org"},
        {"Origin": "https://a.org.b.org"},
        {"Origin": "https://a.org:444"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "https://a.org", "Sec_Fetch_Site": "cross-site"},
    ],
    ids=range(7),
)
def test_a_form_of_another_site_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(NotAllowed):
        check_origin(request(**headers))


@pytest.mark.parametrize(
    ("proxies", "said", "address"),
    [
        (0, "192.0.2.1", "127.0.0.1"),
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "6.6.6.6, 192.0.2.1", "192.0.2.1"),
        (2, "6.6.6.6, 192.0.2.1, 192.0.2.2", "192.0.2.1"),
        (2, "192.0.2.1", "127.0.0.1"),
        (1, "", "127.0.0.1"),
    ],
)
def test_only_what_our_own_proxies_say_of_an_address_counts(
    monkeypatch: pytest.MonkeyPatch, proxies: int, said: str, address: str
) -> None:
    monkeypatch.setattr(celeryconfig, "crobot_flower_proxies", proxies)
    assert address_of(request(X_Forwarded_For=said)) == address
