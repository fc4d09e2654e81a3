"""Signatures after Standard Webhooks, beside HMAC as the specification writes it."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta, timezone

import pytest

from crobot_errors import BadInput
from crobot_tasks.webhooks import signing
from crobot_tasks.webhooks.signing import BadHeaders, BadSignature

OLD, NEW, OTHER = (signing.new_secret() for _ in range(3))
BODY = '{"a": "\\ud800"}'


def signed(*keys: str, at: datetime | None = None) -> dict[str, str]:
    return signing.headers("3f-1", at or datetime.now(UTC), BODY, keys)


def test_the_signature_is_that_of_the_specification() -> None:
    at = datetime(2026, 11, 26, 15, 0, tzinfo=timezone(timedelta(hours=2)))
    made = signed(NEW, at=at)
    text = f"3f-1.{int(at.timestamp())}.{BODY}".encode()
    own = hmac.new(b64decode(NEW.removeprefix("whsec_")), text, hashlib.sha256).digest()
    assert made["webhook-signature"] == f"v1,{b64encode(own).decode()}"
    assert made["webhook-timestamp"] == str(int(at.timestamp()))


@pytest.mark.parametrize(
    ("signs", "knows"), [((NEW,), (NEW,)), ((NEW, OLD), (OLD,)), ((NEW, OLD), (NEW,)), ((NEW,), (OLD, NEW))]
)
def test_during_a_rotation_either_secret_is_enough(signs: tuple[str, ...], knows: tuple[str, ...]) -> None:
    assert signing.check(signed(*signs), BODY.encode(), knows) == "3f-1"


def test_forged_and_changed_messages_are_refused() -> None:
    for given, body in (
        (signed(OTHER), BODY),
        (signed(NEW), BODY + " "),
        (signed(NEW) | {"webhook-id": "3f-2"}, BODY),
    ):
        with pytest.raises(BadSignature, match="none of the secrets"):
            signing.check(given, body.encode(), [NEW])
    with pytest.raises(BadSignature):
        signing.check(signed(NEW), b"\xff", [NEW])


@pytest.mark.parametrize(("hours", "word"), [(-1, "old"), (1, "new")])
def test_old_and_future_messages_are_refused(hours: int, word: str) -> None:
    with pytest.raises(BadSignature, match=f"too {word}"):
        signing.check(signed(NEW, at=datetime.now(UTC) + timedelta(hours=hours)), BODY.encode(), [NEW])


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize(
    "value", [None, "", "v1", "v1,", "v1,é", "1e3", "nan", "-1", "a,b,c", "v1,!!", "9" * 300]
)
def test_missing_and_malformed_headers_are_named(name: str, value: str | None) -> None:
    given = signed(NEW)
    if value is None:
        del given[name]
    else:
        given[name] = value
    with pytest.raises((BadHeaders, BadSignature)) as error:
        signing.check(given, BODY.encode(), [NEW])
    if value in (None, ""):
        assert isinstance(error.value, BadHeaders)
        assert name in str(error.value)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_é", "x"])
def test_what_is_no_secret_is_said_without_showing_it(secret: str) -> None:
    with pytest.raises(BadInput, match="this is none"):
        signing.check_secret(secret)
