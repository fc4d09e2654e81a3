"""The PostgreSQL server: settings that lose data or let tables grow, room for connections, and its clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crobot_tasks.operate.amounts import duration, now
from crobot_tasks.operate.doctor.finding import Finding, of_trouble, ok, problem, warning
from crobot_tasks.operate.doctor.seen import Seen, looking
from crobot_tasks.operate.troubles import of_the_database
from crobot_tasks.webhooks.signing import TOLERANCE_S
from db.crobot import server

#: what the PostgreSQL project still mends
OLDEST = 15
#: share of the connections that may be taken
MOST_CONNECTIONS = 0.8
#: a table with more dead rows than live ones, and so many, is not kept up with
MANY_DEAD = 100_000
#: PostgreSQL stops at 2 thousand million transactions since a freeze, and freezes by itself after 200 million
UNFROZEN = 1_000_000_000
#: seconds by which two clocks may differ before logs become hard to compare
CLOCKS_S = 2.0
#: setting → what is lost when it is off
DURABLE = {
    "fsync": "a crash of the machine can ruin the database",
    "full_page_writes": "a crash of the machine can ruin the database",
    "synchronous_commit": "a crash can lose jobs and results whose commit was confirmed",
}
_NAMES = [*DURABLE, "autovacuum", "track_counts", "max_connections", "default_transaction_read_only"]


def examine(seen: Seen) -> Iterator[Finding]:
    """Look at the server."""
    with looking() as session:
        before = now()
        state, settings = server.state(session), server.settings(session, _NAMES)
        skew_s = (state.clock - before).total_seconds()
        yield from _of_version(state)
        yield from _of_durability(settings)
        yield from _of_vacuum(session, state, settings)
        yield from _of_room(state, settings)
        yield from of_clock("the database", skew_s, (now() - before).total_seconds())
        yield from map(of_trouble, of_the_database(session))


def of_clock(whose: str, skew_s: float, doubt_s: float) -> Iterator[Finding]:
    """Judge how far a clock is before ours; the question took ``doubt_s``, so that much is not known."""
    off_s = max(0.0, abs(skew_s) - doubt_s)
    what = f"the clock of {whose} differs by {duration(off_s)} from the one of this machine"
    way_out = "let both follow the same time servers (chrony, systemd-timesyncd)"
    if off_s > TOLERANCE_S / 2:
        yield problem(what, f"web apps refuse outcomes that are signed {TOLERANCE_S} s off", way_out)
    elif off_s > CLOCKS_S:
        yield warning(what, "lines of several logs cannot be put in order", way_out)
    else:
        yield ok(f"the clock of {whose} agrees with the one of this machine")


def _of_version(state: Any) -> Iterator[Finding]:
    if state.major < OLDEST:
        yield warning(
            f"PostgreSQL {state.version} is older than {OLDEST}",
            "its defects are mended no longer, and CRobot is tested with 18",
            "upgrade the server (pg_upgrade)",
        )
    else:
        yield ok(f"PostgreSQL {state.version}")
    if state.encoding != "UTF8":
        yield problem(
            f"the database has the encoding {state.encoding}",
            "names of strains with other letters cannot be stored",
            "dump it, and restore it into one with ENCODING 'UTF8'",
        )


def _of_durability(settings: Mapping[str, str]) -> Iterator[Finding]:
    off = [name for name in DURABLE if settings.get(name) == "off"]
    for name in off:
        yield problem(f"PostgreSQL has {name} = off", DURABLE[name], f"set {name} = on in postgresql.conf")
    if not off:
        yield ok("what is committed survives a crash (fsync, full_page_writes, synchronous_commit)")


def _of_vacuum(session: Any, state: Any, settings: Mapping[str, str]) -> Iterator[Finding]:
    grows = "dead rows stay, tables of jobs grow without end, and every dispatch becomes slower"
    off = [name for name in ("autovacuum", "track_counts") if settings[name] == "off"]
    for name in off:
        yield problem(f"PostgreSQL has {name} = off", grows, f"set {name} = on in postgresql.conf")
    for table in (tables := server.not_vacuumed(session)):
        yield problem(
            f"autovacuum is switched off for the table crobot.{table}",
            grows,
            f"in SQL: ALTER TABLE crobot.{table} RESET (autovacuum_enabled)",
        )
    for row in server.bloated(session, MANY_DEAD):
        yield warning(
            f"crobot.{row.relname} has {row.n_dead_tup:,} dead rows beside {row.n_live_tup:,} live ones",
            grows,
            f"in SQL: VACUUM crobot.{row.relname}; look for transactions that are open for long",
        )
    if state.transactions_since_freeze > UNFROZEN:
        yield problem(
            f"{state.transactions_since_freeze:,} transactions have passed since rows were frozen",
            "at 2,000,000,000 PostgreSQL takes no more transactions",
            "in SQL: VACUUM FREEZE, as the database's owner",
        )
    if not off and not tables:
        yield ok("autovacuum is on")


def _of_room(state: Any, settings: Mapping[str, str]) -> Iterator[Finding]:
    if state.standby or settings["default_transaction_read_only"] == "on":
        yield problem(
            "the database only reads: it is a standby, or has default_transaction_read_only = on",
            "no job can be sent, and no result written",
            "name the primary in CROBOT_DATABASE_URL",
        )
    most = int(settings["max_connections"])
    if state.connections > MOST_CONNECTIONS * most:
        yield warning(
            f"{state.connections} of {most} connections to PostgreSQL are taken",
            "heads and web processes that find none fail",
            "raise max_connections, or start fewer processes and threads",
        )
    else:
        yield ok(f"{state.connections} of {most} connections to PostgreSQL are taken")
