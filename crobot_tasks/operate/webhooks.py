"""What an operator does about outcomes that are posted: looks, sends again, makes secrets, switches on and off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput
from crobot_tasks.broker.json_values import plain
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.webhooks import address, signing
from db.crobot import DeliveryState, deliveries, webhooks
from db.engine import transaction


def listing(
    *,
    state: DeliveryState | None = None,
    job_id: int | None = None,
    url: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Return the latest deliveries, and the addresses that are switched off."""
    to = address.parse(url).url if url else None
    with transaction() as session:
        rows = deliveries.listing(session, state=state, job_id=job_id, url=to, limit=limit)
        off = webhooks.all_off(session)
    return {
        "deliveries": [dict(row._mapping) | {"of": _subject(row)} for row in rows],
        "off": [dict(row._mapping) for row in off],
    }


def _subject(row: Any) -> str:
    return f"batch {row.batch}" if row.batch else f"{row.kind} {row.number}"


def targets() -> dict[str, Any]:
    """Return where the policy lets us post to, and which origins have secrets."""
    with transaction() as session:
        allowed = policy_in_force.current(session).targets
        known = webhooks.secrets(session)
    return {
        "targets": [one.text for one in allowed.entries],
        "secrets": [dict(row._mapping) for row in known],
    }


def resend(ids: Sequence[int]) -> list[int]:
    """Have deliveries posted again, also those that were taken; return those for which that is so.

    Raises:
        BadInput: there is none of such a number, or its address is switched off; nothing was changed.
    """
    with transaction() as session:
        if unknown := sorted(set(ids) - deliveries.known(session, ids)):
            raise BadInput(f"there is no delivery {unknown[0]}; `crobot webhooks list` lists them")
        sent = deliveries.resend(session, ids)
        if held := sorted(set(ids) - set(sent)):
            raise BadInput(
                f"the address of delivery {held[0]} is switched off: `crobot webhooks list` says why, and how it is "
                "switched on again; what waits for it is posted then"
            )
        return sent


def resend_given_up(url: str | None = None) -> list[int]:
    """Have posted again what was given up, all of it or that to one address; return those deliveries."""
    to = address.parse(url).url if url else None
    with transaction() as session:
        return deliveries.resend_given_up(session, to)


def make_secret(given: str) -> tuple[str, str]:
    """Make the secret of a web app's origin; return origin and secret, which nobody can read later.

    Raises:
        BadInput: it has one.
    """
    origin, secret = address.parse(given).origin, signing.new_secret()
    with transaction() as session:
        if not webhooks.keep_secret(session, origin, secret):
            raise BadInput(
                f"{origin} has a secret: make another beside it by `crobot webhooks secret {origin} --rotate`"
            )
    return origin, secret


def rotate_secret(given: str, both_s: int) -> tuple[str, str, Any]:
    """Make another secret; for so many seconds the old one signs, too. Return origin, secret, and until when both sign.

    Raises:
        BadInput: there is none yet.
    """
    origin, secret = address.parse(given).origin, signing.new_secret()
    with transaction() as session:
        rotated = webhooks.rotate(session, origin, secret, both_s)
    if rotated is None:
        raise BadInput(f"{origin} has no secret yet: `crobot webhooks secret {origin}` makes the first")
    return origin, secret, rotated.former_until


def switch_off(url: str, reason: str) -> str:
    """Post nothing more to an address; return it as it is stored."""
    to = address.parse(url)
    with transaction() as session:
        webhooks.switch_off(session, to.url, to.origin, str(plain(reason, "the reason")))
    return to.url


def switch_on(url: str) -> tuple[str, int]:
    """Post to an address again; return it, and how many deliveries have waited for that.

    Raises:
        BadInput: it is not switched off.
    """
    to = address.parse(url)
    with transaction() as session:
        waited = webhooks.switch_on(session, to.url)
    if waited is None:
        raise BadInput(f"{to.url} is not switched off; `crobot webhooks list` names those that are")
    return to.url, waited
