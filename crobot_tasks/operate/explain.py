"""Why a job is where it is: the router's own reasons, asked for now."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

import celeryconfig
from crobot_errors import UnknownJob
from crobot_tasks import router
from crobot_tasks.head import cluster_state
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.router import Cluster, Policy, Queue
from crobot_tasks.simulator.estimate import estimate_start, estimate_starts
from db.crobot import JobState, dispatching, jobs, unapplied
from db.engine import transaction

#: heartbeats that may be late before people are warned that no head reads them
PATIENCE_BEATS = 4
#: jobs ahead that are simulated to say when one begins
FORESEEN = 5000


@dataclass
class Explanation:
    """Why a job runs where it runs, or why it waits."""

    job_id: int
    state: str
    #: one line
    why: str
    #: node → what it lacks for the job; empty if it would take it now
    nodes: dict[str, str] = field(default_factory=dict)
    #: jobs of the same user that come before it; None if it does not wait
    own_ahead: int | None = None
    #: users and workgroups whose turn is before its owner's, by what they have used
    owners_ahead: int | None = None
    #: seconds from now until it is expected to begin; None if nobody can say
    starts_in_s: float | None = None


class View:
    """What the router would see now, under the policy in force or another one; it only reads."""

    def __init__(self, session: Any, policy: Policy | None = None) -> None:
        self._session = session
        self.policy: Policy = policy or policy_in_force.current(session)
        self.cluster = Cluster(cluster_state.nodes(session, self.policy), self.policy)
        self.now = dispatching.now(session)
        self.heads_warning = heads_warning(session)
        self._pauses = cluster_state.Pauses(dispatching.pauses(session))
        self._keep_reservations()
        self._unapplied = {
            job_id: f"its report waits since {row.since.astimezone():%H:%M:%S} to be applied: {row.reason}"
            for row in unapplied.waiting(session)
            for job_id in row.job_ids
        }

    def _keep_reservations(self) -> None:
        for row in dispatching.reserved(self._session):
            room = self.cluster.room_of(row.reserved_on)
            if room and not self._pauses.why(row.pipeline, row.database):
                self.cluster.reserve(room, cluster_state.job(row), self.now)

    def at(self, session: Any, row: Any) -> View:
        """Return the same nodes, with what is known by a row that was read just now: the time, heads, and pauses."""
        view = copy(self)
        ago_s = row.heartbeats_read_s_ago
        view._session, view.now = session, float(row.now)
        view.heads_warning = _heads_warning(None if ago_s is None else float(ago_s))
        view._pauses = cluster_state.Pauses(SimpleNamespace(**one) for one in row.pauses or ())
        return view

    def why(self, row: Any) -> str:
        """Say why the job waits, or where it is."""
        if row.id in self._unapplied:
            return f"ended on {row.node}; {self._unapplied[row.id]}"
        match row.state:
            case JobState.WAITING:
                return self._why_waiting(row)
            case JobState.ROUTED:
                return f"sent to {row.node}, not yet begun" + (
                    f"; {self.heads_warning}" if self.heads_warning else ""
                )
            case JobState.RUNNING:
                return f"running on {row.node}"
            case _:
                return ""

    def _why_waiting(self, row: Any) -> str:
        if row.held_at:
            return "held" + (f": {row.hold_reason}" if row.hold_reason else "")
        if paused := self._pauses.why(row.pipeline, row.database):
            return paused
        if row.available_in_s > 0:
            # the time of day, not what is left of it: the same words each time somebody asks
            after = f" after {row.outcome}: {row.message}" if row.outcome else ""
            return f"not before {row.available_at.astimezone():%H:%M:%S}{after}"
        return self.heads_warning or self._suspect(row) or self._refused(row)

    def _refused(self, row: Any) -> str:
        return router.why_waiting(self.cluster, cluster_state.job(row), self.policy, self.now)

    def starts_in_s(self, row: Any) -> float | None:
        """Simulate what comes, and say in how many seconds the job begins; None if nobody can say."""
        if row.held_at or self.heads_warning or self._pauses.why(row.pipeline, row.database):
            return None
        starts_at = estimate_start(self.cluster, self._queue(), row.id, self.policy, self.now, FORESEEN)
        return None if starts_at is None else max(starts_at - self.now, 0.0)

    def starts(self, most: int) -> dict[int, tuple[str, float]]:
        """Simulate what comes: job id → the node on which it begins, and in how many seconds; the first so many."""
        starts = estimate_starts(self.cluster, self._queue(), self.policy, self.now, most)
        return {start.job_id: (start.node, max(start.at - self.now, 0.0)) for start in starts}

    def _queue(self) -> Queue:
        """Return what waits and could be placed, in the order of the policy."""
        used = partial(cluster_state.Used().read, self._session, self.cluster, self.policy)
        waiting = cluster_state.Waiting(
            self._session, self.cluster, self.policy, used, paused=True, rows=FORESEEN
        )
        jobs = Queue([*waiting.reserved()], waiting.used, self.policy)
        while more := waiting.more():
            for job in more:
                jobs.add(job)
        return jobs

    def _suspect(self, row: Any) -> str:
        last = cluster_state.last_chance(self.policy)
        if row.deaths >= last and dispatching.suspects_live(self._session, last):
            return (
                f"{row.deaths} processes or nodes were lost under it;"
                " of such jobs one runs at a time, to find the one that did it"
            )
        return ""


def why_each_waits(session: Any, job_ids: Iterable[int]) -> dict[int, str]:
    """Job id → why it waits, or where it is; only jobs that exist."""
    wanted = list(job_ids)
    if not wanted:
        return {}
    view = View(session)
    return {row.id: view.why(row) for row in dispatching.seen(session, wanted)}


def why_waiting(job_id: int) -> str:
    """Say why the job waits, or where it is if it does not; it simulates nothing, so it may be asked often.

    Raises:
        UnknownJob: no job has this number.
    """
    with transaction() as session:
        found = why_each_waits(session, [job_id])
    if job_id not in found:
        raise _unknown(job_id)
    return found[job_id]


def explain(job_id: int) -> Explanation:
    """Say why the job runs where it runs or why it waits, what each node lacks, its turn, and when it may begin.

    The last is simulated: with thousands of waiting jobs that takes a second.

    Raises:
        UnknownJob: no job has this number.
    """
    with transaction() as session:
        rows = dispatching.seen(session, [job_id])
        if not rows:
            raise _unknown(job_id)
        view, row = View(session), rows[0]
        explanation = Explanation(job_id, row.state, view.why(row))
        if row.state == JobState.WAITING:
            explanation.nodes = router.verdicts(view.cluster, cluster_state.job(row), view.policy, view.now)
            explanation.own_ahead = dispatching.own_ahead(session, job_id)
            explanation.owners_ahead = _owners_ahead(session, view, row)
            explanation.starts_in_s = view.starts_in_s(row)
    return explanation


def _unknown(job_id: int) -> UnknownJob:
    return UnknownJob(f"there is no job {job_id}; `crobot jobs` lists them")


def _owners_ahead(session: Any, view: View, row: Any) -> int:
    """How many users have jobs waiting that are due before this one's owner."""
    rank = view.policy.ranks(cluster_state.Used().read(session, view.cluster, view.policy))
    mine = rank(row.priority, row.workgroup, row.user_id)
    owners = {
        (line.workgroup, line.user_id)
        for line in dispatching.lines(session)
        if rank(line.priority, line.workgroup, line.user_id) < mine
    }
    return len(owners - {(row.workgroup, row.user_id)})


def heads_warning(session: Any) -> str:
    """Say that no head has read heartbeats lately; empty if one has."""
    return _heads_warning(jobs.heartbeats_read_s_ago(session))


def _heads_warning(ago_s: float | None) -> str:
    patience_s = PATIENCE_BEATS * celeryconfig.crobot_heartbeat_s
    if ago_s is None:
        return "no head has ever been at work; start `crobot head` and `crobot beat`"
    if ago_s > patience_s:
        return f"no head has heard the nodes for {ago_s:.0f} s: is `crobot head`, `crobot beat` or the broker down?"
    return ""
