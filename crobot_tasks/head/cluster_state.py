"""(b) What the router sees of the database: rows of nodes and waiting jobs as its views."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from crobot_tasks.broker.formats import MESSAGE_FORMAT
from crobot_tasks.router import Cluster, JobView, Kind, Load, NodeView, Policy, charged
from db.crobot import PausedKind, accounting, dispatching
from db.crobot.dispatching import Line

#: what has ended is counted anew after so many seconds
FRESH_S = 0.5
#: jobs that are fetched together
ROWS = 1000
#: and at least so many of each line
FEWEST = 8
#: lines in which one dispatch looks for smaller jobs behind those that fit nowhere
BEHIND = 50


def nodes(session: Any, policy: Policy) -> list[NodeView]:
    """Return the nodes as the router sees them."""
    return [
        NodeView(
            name=node.name,
            cores=node.cores,
            memory_bytes=node.memory_bytes,
            disk_bytes=node.disk_bytes,
            pipelines=node.pipelines,
            unavailable=node.unavailable,
            tags=frozenset(node.tags) | policy.tags_of(node.name),
            local_data=frozenset(node.local_data),
            closed=closed(node),
            load={load[0]: Load(*load) for load in node.live},
        )
        for node in dispatching.nodes(session)
    ]


def closed(node: Any) -> str:
    """Say why a node gets no jobs at all; empty if it does."""
    if node.lost_at:
        return "silent"  # since when, `crobot nodes` says: here each node would have a reason of its own
    if node.drained_at:
        return f"drained ({node.drain_reason})"
    if node.quarantined_at:
        return f"quarantined ({node.quarantine_reason})"
    if node.message_format != MESSAGE_FORMAT:
        return f"reads messages of format {node.message_format}, and heads write {MESSAGE_FORMAT}: upgrade it"
    return ""


def job(row: Any) -> JobView:
    """Return a waiting job as the router sees it."""
    return JobView(
        id=row.id,
        kind=Kind(
            pipeline=row.pipeline,
            version=row.version,
            cores=row.cores,
            memory_bytes=row.memory_bytes,
            disk_bytes=row.disk_bytes,
            database=row.database,
            expected_s=row.expected_s,
        ),
        priority=row.priority,
        workgroup=row.workgroup,
        user_id=row.user_id,
        waiting_since=float(row.waiting_since),
        failed_on=frozenset(row.failed_on),
        data=frozenset(row.data),
        reserved_on=row.reserved_on,
        delayed_s=row.delayed_s,
    )


class Used:
    """(Workgroup, user) → core-seconds: of what ended, decayed; of what is live, in full."""

    def __init__(self) -> None:
        self._ended: dict[tuple[str, int], float] = {}
        self._read_at = float("-inf")

    def read(self, session: Any, cluster: Cluster, policy: Policy) -> dict[tuple[str, int], float]:
        """Return it for now."""
        if time.monotonic() - self._read_at > FRESH_S:
            shares = policy.shares
            self._ended = accounting.used(session, shares.charge_gib, shares.half_life_s)
            self._read_at = time.monotonic()
        return charged(self._ended, cluster.nodes.values(), policy)


class Pauses:
    """What is not dispatched for now."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self.reasons = {(row.kind, row.name): row.reason for row in rows}
        self.all = (PausedKind.ALL, "") in self.reasons

    def why(self, pipeline: str, database: str | None) -> str:
        """Say why such a job is paused; empty if it is not."""
        for kind, name, what in (
            (PausedKind.ALL, "", "everything"),
            (PausedKind.PIPELINE, pipeline, f"pipeline {pipeline}"),
            (PausedKind.SPECIES, database, f"species {database}"),
        ):
            if (kind, name) in self.reasons:
                reason = self.reasons[kind, name]
                return f"{what} is paused" + (f": {reason}" if reason else "")
        return ""


class Waiting:
    """The waiting jobs of one dispatch, fetched line by line in the order of the policy, and no more than needed."""

    def __init__(
        self,
        session: Any,
        cluster: Cluster,
        policy: Policy,
        used: Callable[[], Mapping[tuple[str, int], float]],
        *,
        paused: bool,
        rows: int = ROWS,
        of_a_line: int = ROWS,
    ) -> None:
        self._session, self._policy, self._rows = session, policy, rows
        self._pauses = Pauses(dispatching.pauses(session) if paused else [])
        #: jobs that had a node reserved before
        self.reserving: set[int] = set()
        self._seen: set[int] = set()
        lines = [] if self._pauses.all else dispatching.lines(session)
        owners = {(line.workgroup, line.user_id) for line in lines}
        #: what owners have used; nobody asks as long as there is one of them
        self.used = used() if len(owners) > 1 else {}
        able, rank = _able(cluster), policy.ranks(self.used)
        self._lines = sorted(
            (_sized(line, able) for line in lines if self._may(line, able)),
            key=lambda line: rank(line.priority, line.workgroup, line.user_id),
        )
        #: jobs of one line in one look
        self._limit = max(FEWEST, min(of_a_line, rows // max(1, len(self._lines))))
        #: lines of which there was more than that
        self._cut: list[Line] = []
        self._all_seen = True

    def reserved(self) -> list[JobView]:
        """Return the jobs that have a node reserved."""
        rows = [row for row in dispatching.reserved(self._session) if not self._paused(row)]
        self.reserving = {row.id for row in rows}
        return self._views(rows)

    def more(self) -> list[JobView]:
        """Return the first jobs of the next lines, and last what waits behind jobs of another size; none at the end."""
        while self._lines:
            if new := self._first():
                return new
        behind, self._cut = self._cut[:BEHIND], []
        if not behind:
            return []
        rows = dispatching.waiting_behind(self._session, behind, self._limit)
        return self._views(rows)

    def _first(self) -> list[JobView]:
        together = max(1, self._rows // self._limit)
        lines, self._lines = self._lines[:together], self._lines[together:]
        rows = dispatching.waiting(self._session, lines, self._limit)
        found = Counter(_line_of(row) for row in rows)
        self._cut += [line for line in lines if found[_line_of(line)] == self._limit]
        self._all_seen = self._all_seen and not self._cut
        return self._views(rows)

    def may_have_run_out(self, placed: int) -> bool:
        """Whether so many placements may have taken all that was fetched of a line, of which there is more."""
        return placed >= self._limit and not self._all_seen

    def _views(self, rows: Iterable[Any]) -> list[JobView]:
        new = [row for row in rows if row.id not in self._seen and self._apart(row)]
        self._seen |= {row.id for row in new}
        return [job(row) for row in new]

    def _apart(self, row: Any) -> bool:
        """Let no more than one job run at a time whose next loss would be its last.

        What takes node after node with it loses others on the way; those must not be taken for the cause.
        """
        if row.deaths < last_chance(self._policy):
            return True
        sent, self._suspect_live = self._suspect_live, True
        return not sent

    @cached_property
    def _suspect_live(self) -> bool:
        return dispatching.suspects_live(self._session, last_chance(self._policy)) > 0

    def _may(self, line: Line, able: Mapping[tuple[str, str], tuple[int, int, int]]) -> bool:
        return (line.pipeline, line.version) in able and not self._pauses.why(line.pipeline, line.database)

    def _paused(self, row: Any) -> bool:
        return bool(self._pauses.why(row.pipeline, row.database))


def _able(cluster: Cluster) -> dict[tuple[str, str], tuple[int, int, int]]:
    """(Pipeline, version) → the most cores, memory and disk that an open node has for it."""
    able: dict[tuple[str, str], tuple[int, int, int]] = {}
    for node in cluster.nodes.values():
        if not node.closed:
            has = (node.cores, node.memory_bytes, node.disk_bytes)
            for offer in node.pipelines.items():
                most = able.get(offer, has)
                able[offer] = (max(most[0], has[0]), max(most[1], has[1]), max(most[2], has[2]))
    return able


def _sized(line: Line, able: Mapping[tuple[str, str], tuple[int, int, int]]) -> Line:
    cores, memory_bytes, disk_bytes = able[line.pipeline, line.version]
    return replace(line, cores=cores, memory_bytes=memory_bytes, disk_bytes=disk_bytes)


def _line_of(one: Any) -> tuple[Any, ...]:
    return (one.priority, one.workgroup, one.user_id, one.pipeline, one.version, one.database or "")


def last_chance(policy: Policy) -> int:
    """Return after how many losses a job's next one is its last."""
    return max(policy.poison_after - 1, 1)
