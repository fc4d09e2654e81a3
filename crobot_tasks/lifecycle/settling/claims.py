"""(e) Who settles a result says so every few seconds; who no longer does (it died, or is frozen) is replaced."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from time import sleep

import celeryconfig
import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from db.crobot import settlements
from db.engine import transaction

log = logging.getLogger(__name__)

#: a chord's last result that was cut off is heard again only when Celery's own claim on the chord (6 s) is over
SHORTEST_S = 7.0
#: a claim is renewed so often before it is over
RENEWALS = 3

#: (settlement, by whom it was claimed)
Claim = tuple[str, str]

_held: set[Claim] = set()


def overdue_s() -> float:
    """Return after how many seconds a result that is not settled is settled again."""
    return max(float(celeryconfig.crobot_settle_s), SHORTEST_S)


@contextmanager
def held(claim: Claim) -> Iterator[None]:
    """Renew the claim for as long as the block takes."""
    _start_renewing()
    _held.add(claim)
    try:
        yield
    finally:
        _held.discard(claim)


@cache
def _start_renewing() -> None:
    threading.Thread(target=_renew_for_ever, name="claims", daemon=True).start()


def _renew_for_ever() -> None:
    while True:
        sleep(overdue_s() / RENEWALS)
        try:
            renew()
        # The database is away: the claims grow old, and may be taken over.
        except Exception as error:  # noqa: BLE001
            log.warning("claims on results cannot be renewed now: %s", error)


def renew() -> None:
    """Renew what is held."""
    claims = list(_held)
    if claims:
        with transaction() as session:
            settlements.renew(session, claims)
