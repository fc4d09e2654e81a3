"""What the router sees: nodes, jobs, placements; plain values, in seconds of any one clock."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Kind:
    """What a job asks of a node: what is refused to one job is refused, then, to all of its kind."""

    pipeline: str
    version: str
    cores: int
    memory_bytes: int
    disk_bytes: int = 0
    #: the species' database, which can be paused
    database: str | None = None
    #: typical wall time in seconds, from the history of such jobs
    expected_s: float = 60.0


#: a kind of jobs, and the number of their class of priority: a reserved node takes more of those that are urgent
Asked = tuple[Kind, int]


@dataclass(frozen=True, slots=True)
class JobView:
    """A waiting job as the router sees it."""

    id: int
    kind: Kind
    #: 0 is the most urgent, 9 the least
    priority: int = 5
    workgroup: str = ""
    user_id: int = 0
    #: since when it might have begun
    waiting_since: float = 0.0
    #: nodes where an attempt of this job failed for the node's reason
    failed_on: frozenset[str] = frozenset()
    #: what it reads: a node that has it in hand is preferred
    data: frozenset[str] = frozenset()
    #: the node that was reserved for it by an earlier dispatch
    reserved_on: str | None = None
    #: seconds by which more urgent jobs have delayed its start there
    delayed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """What one live attempt takes of a node."""

    job_id: int
    cores: int
    memory_bytes: int
    disk_bytes: int
    expected_s: float
    #: when it began or, if it is queued on the node, was sent there
    since: float
    workgroup: str = ""
    user_id: int = 0


@dataclass
class NodeView:
    """A node as the router sees it."""

    name: str
    cores: int
    memory_bytes: int
    disk_bytes: int
    #: name → version
    pipelines: dict[str, str]
    #: name → why not
    unavailable: dict[str, str] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    #: data that it has in hand
    local_data: frozenset[str] = frozenset()
    #: why it gets no jobs at all (drained, silent, quarantined); empty if it does
    closed: str = ""
    #: job id → what its live attempt takes
    load: dict[int, Load] = field(default_factory=dict)


@dataclass(frozen=True)
class Placement:
    """A job, the node it goes to, and why there."""

    job_id: int
    node: str
    reason: str


@dataclass(frozen=True)
class Reservation:
    """A node that is kept free for a job that others overtook for too long."""

    job_id: int
    node: str
    #: when the job is expected to begin there
    starts_at: float
    #: seconds by which more urgent jobs have delayed that
    delayed_s: float = 0.0
