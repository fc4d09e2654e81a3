"""The connection to PostgreSQL: one engine a process, and transactions that join each other; knows no table."""

from __future__ import annotations

from db.engine.bounded import within
from db.engine.connections import (
    OURS,
    configure,
    engine,
    keep_open,
    open_engine,
    unreachable,
    with_driver,
)
from db.engine.locks import lock, lock_all, try_lock
from db.engine.lost import RETRIED_CODES, is_away, may_repeat
from db.engine.repeating import patiently, retrying
from db.engine.transactions import (
    after_commit,
    database_of,
    in_savepoint,
    notify,
    reading,
    tables_of,
    transaction,
)

__all__ = [
    "OURS",
    "RETRIED_CODES",
    "after_commit",
    "configure",
    "database_of",
    "engine",
    "in_savepoint",
    "is_away",
    "keep_open",
    "lock",
    "lock_all",
    "may_repeat",
    "notify",
    "open_engine",
    "patiently",
    "reading",
    "retrying",
    "tables_of",
    "transaction",
    "try_lock",
    "unreachable",
    "with_driver",
    "within",
]
