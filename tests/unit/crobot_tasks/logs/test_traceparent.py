"""Which texts are a traceparent, as the W3C's Trace Context says."""

from __future__ import annotations

import pytest

from crobot_tasks.logs.traceparent import parse

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GOOD = f"00-{TRACE}-{PARENT}-01"


@pytest.mark.parametrize("text", [GOOD, f"00-{TRACE}-{PARENT}-00", f"00-{TRACE}-{PARENT}-03"])
def test_one_of_the_known_version_is_handed_on_as_it_is(text: str) -> None:
    assert parse(text) == text


@pytest.mark.parametrize(
    ("text", "handed_on"),
    [
        (f"01-{TRACE}-{PARENT}-01", GOOD),
        (f"cc-{TRACE}-{PARENT}-01-what-will-be", GOOD),
        (f"cc-{TRACE}-{PARENT}-08-", f"00-{TRACE}-{PARENT}-00"),
    ],
    ids=["later", "longer", "unknown flags"],
)
def test_one_of_a_later_version_is_handed_on_as_the_known_one(text: str, handed_on: str) -> None:
    assert parse(text) == handed_on


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        5,
        GOOD.upper(),
        f" {GOOD}",
        f"{GOOD}\n",
        f"{GOOD}-more",
        f"{GOOD}.",
        f"ff-{TRACE}-{PARENT}-01",
        f"cc-{TRACE}-{PARENT}-01.what-will-be",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-1",
        f"00-{TRACE}-{PARENT}",
        f"0-{TRACE}-{PARENT}-01",
        f"00_{TRACE}_{PARENT}_01",
        f"00-{TRACE[:-1]}\u0663-{PARENT}-01",
    ],
)
def test_anything_else_is_as_if_it_were_not_there(text: object) -> None:
    assert parse(text) is None
