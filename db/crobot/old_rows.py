"""Rows that nobody asks for any more, by kind: counted, and removed some at a time.

A slice is found by an index and removed by the places of its rows, so no statement reads a table from end to end, no
transaction is long, and rows that somebody else has in hand are left for the next time. No kind has rows that others
refer to by a foreign key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from db.crobot.models.jobs import LIVE_SQL

#: days that are no matter of taste: requests are answered again for a day, and what goes with Celery's results is kept
#: as long as these (``result_expires``), since until then somebody may ask
FIXED_DAYS = {"answers": 1, "messages": 7, "chords": 7, "revoked": 7}

_BEFORE = "now() - make_interval(days => :days)"


@dataclass(frozen=True)
class Amount:
    """How much was, or would be, removed."""

    number: int = 0
    bytes: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.number + other.number, self.bytes + other.bytes)


@dataclass(frozen=True)
class _Kind:
    table: str
    #: rows that are old, of the table `t`
    condition: str
    #: by which the oldest are found
    order: str
    #: the oldest rows by the order, which may be too young: for a table without an index by age
    first: bool = False
    count: TextClause = field(init=False)
    remove: TextClause = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", text(_COUNT.format(**vars(self))))
        object.__setattr__(
            self, "remove", text((_REMOVE_FIRST if self.first else _REMOVE).format(**vars(self)))
        )


_COUNT = """
    SELECT count(*) AS number, COALESCE(sum(pg_column_size(t.*)), 0) AS bytes FROM {table} t WHERE {condition}"""

_GONE = """
    WITH gone AS (
        DELETE FROM {table} WHERE ctid = ANY(ARRAY(<slice>)) RETURNING pg_column_size({table}.*) AS bytes)
    SELECT count(*) AS number, COALESCE(sum(bytes), 0) AS bytes FROM gone"""

_REMOVE = _GONE.replace(
    "<slice>",
    """
        SELECT t.ctid FROM {table} t WHERE {condition} ORDER BY {order} LIMIT :limit FOR UPDATE SKIP LOCKED""",
)

_REMOVE_FIRST = _GONE.replace(
    "<slice>",
    """
        SELECT t.ctid FROM (SELECT o.ctid, o.* FROM {table} o ORDER BY {order} LIMIT :limit FOR UPDATE SKIP LOCKED) t
        WHERE {condition}""",
)

_KINDS: Mapping[str, _Kind] = {
    "answers": _Kind("crobot.kept_answers", f"t.kept_at < {_BEFORE}", "t.kept_at"),
    "messages": _Kind(
        "crobot.messages", f"t.sent_at < {_BEFORE} AND t.published_at IS NOT NULL", "t.sent_at"
    ),
    "chords": _Kind("crobot.chords", f"t.sent_at < {_BEFORE}", "t.sent_at"),
    "revoked": _Kind("crobot.revoked", f"t.revoked_at < {_BEFORE}", "t.revoked_at"),
    "deliveries": _Kind(
        "crobot.deliveries",
        f"t.state <> 'waiting' AND t.written_at < {_BEFORE} AND COALESCE(t.ended_at, t.written_at) < {_BEFORE}",
        "t.written_at",
    ),
    "webhooks": _Kind(
        "crobot.webhooks",
        f"""t.kind = 'job' AND t.ordered_at < {_BEFORE}
            AND NOT EXISTS (SELECT FROM crobot.jobs j WHERE j.id = t.number AND j.{LIVE_SQL})""",
        "t.ordered_at",
    ),
    "changes": _Kind("crobot.changes", f"t.made_at < {_BEFORE}", "o.id", first=True),
    # who was drained or put in quarantine would come back without that
    "nodes": _Kind(
        "crobot.nodes",
        f"""t.lost_at < {_BEFORE} AND t.drained_at IS NULL AND t.quarantined_at IS NULL
            AND NOT EXISTS (SELECT FROM crobot.attempts a WHERE a.node = t.name AND a.ended_at IS NULL)""",
        "t.lost_at",
    ),
}  # fmt: skip


def count(session: Session, kind: str, days: int) -> Amount:
    """Return how many rows of a kind are older than so many days; it reads all of them."""
    row = session.execute(_KINDS[kind].count, {"days": days}).one()
    return Amount(row.number, int(row.bytes))


def remove(session: Session, kind: str, days: int, limit: int = 1000) -> Amount:
    """Remove the oldest rows of a kind, ``limit`` at most, if they are older than so many days; return what went."""
    row = session.execute(_KINDS[kind].remove, {"days": days, "limit": limit}).one()
    return Amount(row.number, int(row.bytes))
