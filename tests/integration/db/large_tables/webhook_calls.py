"""What outcomes that are posted ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.crobot import DeliveryState, SubjectKind, deliveries, webhooks

ORIGIN, URL = "http://app7", "http://app7/x"
_HELD = text("INSERT INTO crobot.webhooks_off (url, origin, reason) VALUES (:url, :origin, 'a test')")


class _Claimed:
    """A delivery as a sender has it."""

    id, claim = 7, UUID(int=7)


def of_webhooks(size: int) -> dict[str, Callable[[Session], Any]]:
    """The function's name → the call, for tables of so many jobs."""
    some = list(range(size // 8, size // 8 + 100))
    wanted = [size // 2 + number for number in some]

    def switch_on(session: Session) -> Any:
        session.execute(_HELD, {"url": URL, "origin": ORIGIN})
        return webhooks.switch_on(session, URL)

    return {
        "db.crobot.deliveries.claim": lambda s: deliveries.claim(s, {ORIGIN: 1}, room=4, most=64, claim_s=30),
        "db.crobot.deliveries.end": lambda s: deliveries.end(s, _Claimed, DeliveryState.DELIVERED, 204, ""),
        "db.crobot.deliveries.known": lambda s: deliveries.known(s, some),
        "db.crobot.deliveries.listing": deliveries.listing,
        "db.crobot.deliveries.listing job": lambda s: deliveries.listing(s, job_id=wanted[0]),
        "db.crobot.deliveries.of_jobs": lambda s: deliveries.of_jobs(s, wanted, 65536, "/jobs"),
        "db.crobot.deliveries.of_jobs address": lambda s: deliveries.of_jobs(
            s, wanted[:1], 65536, "/jobs", URL
        ),
        "db.crobot.deliveries.of_subject": lambda s: deliveries.of_subject(s, SubjectKind.BATCH, 1, {}),
        "db.crobot.deliveries.resend": lambda s: deliveries.resend(s, some),
        "db.crobot.deliveries.resend_given_up": deliveries.resend_given_up,
        "db.crobot.deliveries.by_state": lambda s: deliveries.by_state(s, 1000),
        "db.crobot.deliveries.unposted": deliveries.unposted,
        "db.crobot.deliveries.try_again": lambda s: deliveries.try_again(s, _Claimed, 5, 500, "no"),
        "db.crobot.webhooks.all_off": webhooks.all_off,
        "db.crobot.webhooks.copy": lambda s: webhooks.copy(s, wanted[0], size - 1),
        "db.crobot.webhooks.keep_secret": lambda s: webhooks.keep_secret(s, ORIGIN, "whsec_x"),
        "db.crobot.webhooks.off": lambda s: webhooks.off(s, URL),
        "db.crobot.webhooks.order": lambda s: webhooks.order(s, SubjectKind.JOB, size - 2, URL, ORIGIN, 7),
        "db.crobot.webhooks.rotate": lambda s: webhooks.rotate(s, ORIGIN, "whsec_y", 60),
        "db.crobot.webhooks.secret": lambda s: webhooks.secret(s, ORIGIN),
        "db.crobot.webhooks.secrets": webhooks.secrets,
        "db.crobot.webhooks.state_of_job": lambda s: webhooks.state_of_job(s, wanted[0]),
        "db.crobot.webhooks.state_of_job past": lambda s: webhooks.state_of_job(s, 101),
        "db.crobot.webhooks.switch_off": lambda s: webhooks.switch_off(s, URL, ORIGIN, "a test"),
        "db.crobot.webhooks.switch_on": switch_on,
        "db.crobot.webhooks.wanted": lambda s: webhooks.wanted(s, SubjectKind.JOB, wanted[0]),
    }
