"""The pure choice: (nodes, jobs, policy) → placements with reasons; no database, no clock, no Celery."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Policy:
    """The rules of placement."""

    #: a node's queue may hold jobs for about so many seconds, beyond those that run
    window_s: float = 0.5
    #: and never more messages than this
    window_jobs: int = 64


@dataclass(frozen=True)
class Load:
    """What one live attempt takes of a node."""

    cores: int
    memory_bytes: int
    expected_s: float


@dataclass
class NodeView:
    """A node as the router sees it; placing a job on it adds to its load."""

    name: str
    cores: int
    memory_bytes: int
    disk_bytes: int
    #: name → version
    pipelines: dict[str, str]
    #: name → why not
    missing: dict[str, str] = field(default_factory=dict)
    #: why it gets no jobs at all (drained, silent); empty if it does
    closed: str = ""
    load: list[Load] = field(default_factory=list)

    @property
    def free_cores(self) -> int:
        return self.cores - sum(load.cores for load in self.load)

    @property
    def free_memory_bytes(self) -> int:
        return self.memory_bytes - sum(load.memory_bytes for load in self.load)


@dataclass(frozen=True)
class JobView:
    """A waiting job as the router sees it."""

    id: int
    pipeline: str
    version: str
    cores: int
    memory_bytes: int
    disk_bytes: int
    expected_s: float
    #: nodes where an attempt of this job failed for the node's reason
    failed_on: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Placement:
    """A job, the node it goes to (None: it waits), and why."""

    job_id: int
    node: str | None
    reason: str


def place(nodes: Sequence[NodeView], jobs: Iterable[JobView], policy: Policy) -> list[Placement]:
    """Place the jobs, in their order, on the nodes; each gets a placement, with or without a node."""
    # Placing only adds to the nodes' load, so what was refused once is refused to every further job of that kind.
    refused: dict[JobView, str] = {}
    placements = []
    for job in jobs:
        kind = replace(job, id=0)
        if kind in refused:
            placement = Placement(job.id, None, refused[kind])
        else:
            placement = _place_one(nodes, job, policy)
        if placement.node is None:
            refused[kind] = placement.reason
        placements.append(placement)
    return placements


def _place_one(nodes: Sequence[NodeView], job: JobView, policy: Policy) -> Placement:
    refusals = {node.name: refusal(node, job, policy) for node in nodes}
    willing = [node for node in nodes if not refusals[node.name]]
    if not willing:
        return Placement(job.id, None, _why_waiting(nodes, job, refusals))
    # Another node may do what this one could not; but a job never waits for that.
    best = min(
        willing,
        key=lambda node: (node.name in job.failed_on, -node.free_cores, -node.free_memory_bytes, node.name),
    )
    reason = f"{best.free_cores} of {best.cores} cores free"
    if best.free_cores < job.cores:
        reason = f"{len(best.load)} short jobs ahead of it"
    if len(willing) == 1 and len(nodes) > 1:
        reason += ", the only node that can take it now"
    best.load.append(Load(job.cores, job.memory_bytes, job.expected_s))
    return Placement(job.id, best.name, reason)


def refusal(node: NodeView, job: JobView, policy: Policy) -> str:
    """Say why the node does not take the job now; empty if it does."""
    return inability(node, job) or _busy(node, job, policy)


def inability(node: NodeView, job: JobView) -> str:
    """Say why the node cannot run the job at all as it is; empty if it can."""
    if node.closed:
        return node.closed
    offered = node.pipelines.get(job.pipeline)
    if offered is None:
        return node.missing.get(job.pipeline, f"does not know {job.pipeline}")
    if offered != job.version:
        return f"offers {job.pipeline} {offered}, not {job.version}"
    for what, has, needs in (
        ("cores", node.cores, job.cores),
        ("memory", node.memory_bytes, job.memory_bytes),
    ):
        if needs > has:
            return f"has {_amount(what, has)} in all, the job needs {_amount(what, needs)}"
    if job.disk_bytes > node.disk_bytes:
        return f"has {_amount('disk', node.disk_bytes)} free, the job needs {_amount('disk', job.disk_bytes)}"
    return ""


def _busy(node: NodeView, job: JobView, policy: Policy) -> str:
    if job.cores <= node.free_cores and job.memory_bytes <= node.free_memory_bytes:
        return ""
    if _may_queue(node, job, policy):
        return ""
    if job.cores > node.free_cores:
        return f"{node.free_cores} of {node.cores} cores free, the job needs {job.cores}"
    return f"{_amount('memory', node.free_memory_bytes)} free, the job needs {_amount('memory', job.memory_bytes)}"


def _may_queue(node: NodeView, job: JobView, policy: Policy) -> bool:
    """Short single-core jobs may queue: the node's slots then keep them from running too many at once."""
    share = node.memory_bytes // node.cores
    load = [*node.load, Load(job.cores, job.memory_bytes, job.expected_s)]
    if len(load) > node.cores + policy.window_jobs or any(
        one.cores > 1 or one.memory_bytes > share for one in load
    ):
        return False
    return sum(one.expected_s for one in load) <= policy.window_s * node.cores


def _why_waiting(nodes: Sequence[NodeView], job: JobView, refusals: dict[str, str]) -> str:
    if not nodes:
        return "no calculation node has ever reported; start one with `crobot node --name NAME`"
    unable = {node.name: inability(node, job) for node in nodes}
    busy = [name for name, why in unable.items() if not why]
    if busy:
        return "waiting for a free place: " + _by_reason({name: refusals[name] for name in busy})
    return f"no node offers {job.pipeline}: " + _by_reason(unable)


def _by_reason(reasons: dict[str, str]) -> str:
    names: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        names.setdefault(reason, []).append(name)
    return "; ".join(f"{reason} on {', '.join(who)}" for reason, who in names.items())


def _amount(what: str, value: int) -> str:
    if what == "cores":
        return "1 core" if value == 1 else f"{value} cores"
    return f"{value / 1024**3:.1f} GiB {what}"
