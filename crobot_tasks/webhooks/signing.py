"""Signatures after Standard Webhooks: made with one secret or two, checked with any of several; knows no database."""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from crobot_errors import BadInput

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
#: seconds by which the clocks of two machines, and the way between them, may differ
TOLERANCE_S = 300
_RANDOM_BYTES = 32
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURES = re.compile(r"v[0-9]+a?,[A-Za-z0-9+/]{1,200}={0,2}( v[0-9]+a?,[A-Za-z0-9+/]{1,200}={0,2}){0,9}")


class BadHeaders(BadInput):
    """Headers of Standard Webhooks are missing, or are not of their form."""


class BadSignature(BadInput):
    """Nobody who has a secret signed this now."""


def new_secret() -> str:
    """Make a secret."""
    return "whsec_" + b64encode(secrets.token_bytes(_RANDOM_BYTES)).decode()


def check_secret(secret: str) -> None:
    """See whether something is a secret.

    Raises:
        BadInput: it is none.
    """
    try:
        Webhook(secret)
    # The library's own, binascii.Error, and whatever else a text may cause: the text is not shown.
    except Exception as error:  # noqa: BLE001
        raise BadInput(
            "a secret of call-backs is `whsec_` and base64, as `crobot webhooks secret` prints it: this is none"
        ) from error


def headers(message_id: str, at: datetime, body: str, keys: Sequence[str]) -> dict[str, str]:
    """Return the headers of a message; each of the secrets signs it."""
    at = at.astimezone(UTC)  # the library takes the clock's face for UTC, whatever the zone
    return {
        ID: message_id,
        TIMESTAMP: str(int(at.timestamp())),
        SIGNATURE: " ".join(Webhook(key).sign(message_id, at, body) for key in keys),
    }


def check(given: Mapping[str, str], body: bytes, keys: Sequence[str]) -> str:
    """See that somebody who has one of the secrets signed a body just now; return the message's id.

    Raises:
        BadHeaders: a header is missing or malformed.
        BadSignature: it is forged, or too old or new.
    """
    message_id = _header(given, ID, _ID, "letters, digits, _ and -")
    timestamp = _header(given, TIMESTAMP, _TIMESTAMP, "seconds since 1970 in digits")
    signature = _header(given, SIGNATURE, _SIGNATURES, "`v1,` and base64")
    _check_age(int(timestamp))
    plain = {ID: message_id, TIMESTAMP: timestamp, SIGNATURE: signature}
    if not any(_signed(key, plain, body) for key in keys):
        raise BadSignature(f"none of the secrets here has signed this ({SIGNATURE})")
    return message_id


def _header(given: Mapping[str, str], name: str, form: re.Pattern[str], words: str) -> str:
    value = given.get(name)
    if value is None:
        raise BadHeaders(f"the header {name} is missing")
    if not form.fullmatch(value):
        raise BadHeaders(f"the header {name} is not of its form: {words}")
    return value


def _check_age(timestamp: int) -> None:
    age_s = datetime.now(UTC).timestamp() - timestamp
    if abs(age_s) > TOLERANCE_S:
        word = "old" if age_s > 0 else "new"
        raise BadSignature(
            f"{TIMESTAMP} is too {word}, by more than {TOLERANCE_S} s: sent again, or a clock is wrong"
        )


def _signed(key: str, given: dict[str, str], body: bytes) -> bool:
    # the library splits and decodes what it is given, and raises bare ValueErrors at what it does not like
    try:
        Webhook(key).verify(body, given, json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True
