"""Tickets: each opens one stream of events in place of a token, for browsers, which cannot send a token there."""

from __future__ import annotations

import secrets

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadToken
from crobot_tasks.operate.tokens import Caller, caller_by, sha256
from db.crobot import access
from db.engine import transaction

#: seconds within which a ticket must be used
VALID_S = 60
_RANDOM_BYTES = 32


def create(caller: Caller) -> str:
    """Make a ticket that stands for the caller's token, once, within `VALID_S`."""
    return create_for(caller.token_id)


def create_for(token_id: int) -> str:
    """Make a ticket that stands for the token of this number, once, within `VALID_S`."""
    ticket = secrets.token_urlsafe(_RANDOM_BYTES)
    with transaction() as session:
        access.create_ticket(session, sha256(ticket), token_id, VALID_S)
    return ticket


def use(ticket: str) -> Caller:
    """Return who had this ticket made; it opens nothing any more.

    Raises:
        BadToken: it is unknown, used or too old, or its token counts no longer.
    """
    with transaction() as session:
        row = access.use_ticket(session, sha256(ticket))
    if row is None:
        raise BadToken(
            f"the ticket is not known, was used, or is older than {VALID_S} s:"
            " get another by POST /api/v1.0/events/tickets"
        )
    return caller_by(row)
