"""A connection pooler before PostgreSQL (pgbouncer and the like), and what it takes away."""

from __future__ import annotations

from collections.abc import Iterator

from crobot_tasks.operate.doctor.finding import Finding, ok, warning
from crobot_tasks.operate.doctor.seen import Seen, looking
from db.crobot import server
from db.engine import OURS

#: what goes wrong without each of the settings
_WITHOUT = {
    "TimeZone": "times shift",
    "idle_in_transaction_session_timeout": "a head that freezes in a transaction keeps its locks",
    "jit": "PostgreSQL compiles some queries of 0.1 s for a second",
}


def examine(seen: Seen) -> Iterator[Finding]:
    """See whether connections are shared, and whether they have the settings that we ask for."""
    if server.shares_connections():
        yield warning(
            "a pooler hands out connections to PostgreSQL by transaction",
            "nobody hears LISTEN there: each job is placed up to a second later (CROBOT_DISPATCH_S)",
            "let CROBOT_DATABASE_URL of the heads and of `crobot flower` name PostgreSQL itself, or a pool of sessions",
        )
    else:
        yield ok("no pooler shares connections to PostgreSQL")
    with looking() as session:
        found = server.settings(session, list(OURS))
    for name, wanted in OURS.items():
        if found.get(name) != wanted:
            yield warning(
                f"connections to PostgreSQL have {name} = {found.get(name)}, and not {wanted}",
                f"a pooler drops what we ask for: {_WITHOUT[name]}",
                f"in SQL: ALTER ROLE … SET {name} = '{wanted}', for the user of CROBOT_DATABASE_URL",
            )
