"""Which errors undo a transaction that may succeed when it is done again."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from crobot_errors import DatabaseUnreachable

#: serialization failure, deadlock: PostgreSQL undid the transaction, and it may succeed when repeated
RETRIED_CODES = frozenset({"40001", "40P01"})


def is_away(error: BaseException) -> bool:
    """Whether the database did not answer, or was lost on the way: the same may succeed when it is back."""
    return isinstance(error, DatabaseUnreachable) or may_repeat(error)


def may_repeat(error: BaseException) -> bool:
    """Whether the whole transaction may succeed when it is done again (a deadlock, a lost connection)."""
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated or getattr(error.orig, "pgcode", None) in RETRIED_CODES
    )
