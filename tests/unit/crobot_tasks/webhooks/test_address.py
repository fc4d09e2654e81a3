"""Call-back addresses: which are none, and which IP addresses behind them are allowed."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from crobot_errors import BadInput
from crobot_tasks.router.policy import read
from crobot_tasks.webhooks import address

ALLOWED = read('[webhooks]\ntargets = ["127.0.0.1"]\n').targets


@pytest.mark.parametrize(
    ("given", "url", "origin"),
    [
        ("https://App.Example.org", "https://app.example.org/", "https://app.example.org"),
        ("http://app:80/a?b=c", "http://app/a?b=c", "http://app"),
        ("http://[::1]:5000/x", "http://[::1]:5000/x", "http://[::1]:5000"),
        ("https://app.example.org.:8443/x", "https://app.example.org:8443/x", "https://app.example.org:8443"),
    ],
)
def test_the_same_address_is_written_in_one_way(given: str, url: str, origin: str) -> None:
    found = address.parse(given)
    assert (found.url, found.origin) == (url, origin)


@pytest.mark.parametrize(
    "given",
    [
        "", "app.example.org", "ftp://app/x", "http:///x", "http://user:pw@app/", "http://app/#x", "http://app:0/",
        "http://app:99999/", "http://[::1/", "http://app/a b", "http://app/\r\nHost: x", "http://äpp/", "http://app\\@x/",
        "file:///etc/passwd", "http://" + "a" * 1000,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_its_value(given: str) -> None:
    with pytest.raises(BadInput, match="the call-back address") as error:
        address.parse(given)
    assert repr(given)[:50] in str(error.value)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.2", "169.254.169.254", "[::1]", "[::ffff:127.0.0.2]", "2130706434", "0x7f000002", "0.0.0.0"],
)
def test_forms_of_addresses_that_are_not_allowed_are_refused(host: str) -> None:
    with pytest.raises(BadInput, match=r"targets` of the policy's section \[webhooks\]"):
        address.check(address.parse(f"http://{host}/"), ALLOWED)


def test_of_several_addresses_those_are_used_that_are_allowed() -> None:
    found = [ip_address("169.254.169.254"), ip_address("127.0.0.1")]
    assert address.allowed(address.parse("http://app/"), found, ALLOWED) == found[1:]


def test_a_host_that_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match="the host nosuch.invalid of http://nosuch.invalid/ is not found"):
        address.check(address.parse("http://nosuch.invalid"), ALLOWED)
