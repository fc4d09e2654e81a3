"""What is wrong now, each with the way out: what an operator looks at first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from crobot_tasks.head.numbers import in_words
from crobot_tasks.operate import explain
from crobot_tasks.operate.amounts import ago, duration
from crobot_tasks.operate.nodes import describe
from db.crobot import at_work, deliveries, jobs, numbers, overview, settlements, unapplied

#: seconds after which a result that was not told is overdue, and a transaction keeps vacuum from its work
OVERDUE_S, LONG_S = 60.0, 300.0
#: seconds within which a node that has cores for a job begins it
BEGUN_S = 120.0
#: a node with less free disk runs out of it in the middle of an assembly
FREE_DISK_BYTES = 5 * 1024**3
#: so many are counted, and no more
_MOST = 1000


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong."""

    what: str
    way_out: str
    #: why it matters
    why: str = ""
    #: whether work stands still, or is lost to view, until it is mended
    grave: bool = True


def troubles(session: Any, nodes: Sequence[Any] | None = None) -> list[Trouble]:
    """Return all that is wrong, the gravest first; ``nodes`` are their rows, if these were read before."""
    return [*of_heads(session), *of_nodes(session, nodes), *of_the_database(session), *of_callbacks(session)]


def of_heads(session: Any) -> Iterator[Trouble]:
    """Heads that hear nobody, and what they could not finish."""
    if warning := explain.heads_warning(session):
        yield Trouble(
            warning,
            "start `crobot head` and `crobot beat`, and look at the broker",
            "no job is placed, no result is written, and nobody finds nodes that fall silent",
        )
    for row in unapplied.waiting(session):
        yield Trouble(
            f"reports of {row.reports:,} jobs wait to be applied, the first {ago(row.since)}: {row.reason}",
            "nothing is lost: they are applied when that is mended",
            "these jobs have ended on their nodes, and nobody sees what came of them",
        )
    late = len(settlements.overdue(session, OVERDUE_S, _MOST))
    if late:
        yield Trouble(
            f"whoever waits for {late:,}{' or more' if late == _MOST else ''} jobs that are over was not told",
            "is a head running? Its log says what it cannot do",
            "chords, chains and callbacks do not go on",
        )


def of_nodes(session: Any, nodes: Sequence[Any] | None = None) -> Iterator[Trouble]:
    """Nodes that are silent, in quarantine, short of disk, or begin nothing."""
    for node in map(describe, jobs.nodes(session) if nodes is None else nodes):
        name = node["name"]
        if node["state"] == "silent":
            yield Trouble(
                f"{name} is silent since {duration(node['heard_s_ago'])}",
                f"look at it and start it again; if it will not come back: `crobot nodes forget {name}`",
                "its cores calculate nothing, and its jobs were taken from it",
            )
        elif node["state"] == "quarantined":
            yield Trouble(
                f"{name} is in quarantine: {node['quarantine_reason']}",
                f"mend it, then `crobot resume {name}`",
                "it gets no jobs until somebody resumes it",
            )
        elif node["free_disk_bytes"] < FREE_DISK_BYTES:
            yield Trouble(
                f"{name} has {node['free_disk_bytes'] / 1024**3:.1f} GiB of disk left",
                "make room on it",
                "an assembly runs out of it in the middle, and begins anew elsewhere",
            )
    for row in at_work.not_begun(session, BEGUN_S):
        yield Trouble(
            f"{row.node} has free cores, and does not begin what was sent to it, such as job {row.first}: "
            f"{row.jobs:,} in all, the first {ago(row.since)}",
            f"see its log, and start it again with `crobot node --name {row.node} …`",
            "it says that it is up, and these jobs wait for it",
        )


def of_the_database(session: Any) -> Iterator[Trouble]:
    """A database that came from a backup, and transactions that are open for long."""
    for row in numbers.restores(session):
        yield Trouble(
            f"{ago(row.noticed_at)}: {in_words(row)}",
            "see the page for operators, Backup and restore",
            "what came after the backup is not in the database",
            grave=False,
        )
    for row in at_work.long_transactions(session, LONG_S):
        yield Trouble(
            f"a transaction of {row.application_name or 'a client without a name'} (process {row.pid}, {row.state}) is "
            f"open for {duration(float(row.open_s))}: vacuum waits for it",
            f"end that client, or in SQL: SELECT pg_terminate_backend({row.pid})",
            "tables grow, and every query becomes slower",
            grave=False,
        )


def of_callbacks(session: Any) -> Iterator[Trouble]:
    """Messages and outcomes that nobody takes."""
    if unread := overview.unread_callbacks(session):
        yield Trouble(
            f"nobody reads {unread:,} messages to plain tasks",
            "start `crobot callbacks`",
            "callbacks of jobs do not run",
        )
    if unposted := deliveries.unposted(session):
        yield Trouble(
            f"nobody posts {unposted.outcomes:,} outcomes that are due, the first since {ago(unposted.since)}",
            "start `crobot callbacks`",
            "web apps do not learn what came of their jobs",
        )
