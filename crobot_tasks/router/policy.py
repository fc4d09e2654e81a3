"""The rules of placement and retries as values; their defaults are the policy of a file that says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

GIB = 1024**3


@dataclass(frozen=True)
class PriorityClass:
    """Priorities that share a turn: the next class comes only when this one has nothing that could be placed."""

    name: str
    #: the highest priority number of the class; 0 is the most urgent job, 9 the least
    upto: int


@dataclass(frozen=True)
class Shares:
    """How the use of the nodes is divided."""

    #: after so many seconds, half of what somebody used is forgotten
    half_life_s: float = 24 * 3600.0
    #: a GiB of memory is charged as so many cores
    charge_gib: float = 0.25
    #: who has the double weight gets the double share; 1 if not named
    workgroups: Mapping[str, float] = field(default_factory=dict)
    users: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Window:
    """What may wait in a node's queue, so that no core is idle while the next dispatch is on its way."""

    #: seconds of work for each core
    ahead_s: float = 0.5
    #: of jobs that take no longer than this, one may wait for each core, however much work that is
    short_s: float = 10.0
    #: never more messages than this
    most_jobs: int = 64


@dataclass(frozen=True)
class Reserving:
    """When a node is kept free for a job that others overtake."""

    #: seconds that a job waits before
    after_s: float = 300.0
    #: nodes that are kept free at a time
    most: int = 8


@dataclass(frozen=True)
class Quarantine:
    """When a node gets no more jobs until an operator has looked at it."""

    #: attempts in a row that failed for the node's reason
    failures: int = 5


@dataclass(frozen=True)
class Retry:
    """What is tried again, how often, and with how much more of what was short."""

    attempts: int = 3
    #: before the first new attempt; doubles with each
    delay_s: float = 5.0
    longest_delay_s: float = 600.0
    memory_growth: float = 2.0
    time_growth: float = 2.0


@dataclass(frozen=True)
class PipelineRule:
    """What a pipeline wants of nodes, by their tags."""

    requires: frozenset[str] = frozenset()
    prefers: frozenset[str] = frozenset()
    #: reserved tags that do not keep it away
    accepts: frozenset[str] = frozenset()
    rejects: frozenset[str] = frozenset()
    #: instead of the common one
    retry: Retry | None = None


@dataclass(frozen=True)
class Policy:
    """All rules; ``read`` in `policy_file` makes it from a file."""

    classes: tuple[PriorityClass, ...] = (
        PriorityClass("interactive", 3),
        PriorityClass("normal", 6),
        PriorityClass("batch", 9),
    )
    shares: Shares = Shares()
    window: Window = Window()
    reservation: Reserving = Reserving()
    quarantine: Quarantine = Quarantine()
    retry: Retry = Retry()
    #: attempts that took their process or their node with them, until the job is poison
    poison_after: int = 3
    #: a node with one of these tags takes only pipelines that require, prefer or accept it
    reserved_tags: frozenset[str] = frozenset()
    pipelines: Mapping[str, PipelineRule] = field(default_factory=dict)
    #: node → tags that it has beside those that it says itself
    node_tags: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def class_of(self, priority: int) -> int:
        """Return the number of a priority's class; 0 comes first."""
        for number, one in enumerate(self.classes):
            if priority <= one.upto:
                return number
        return len(self.classes) - 1

    def rule_of(self, pipeline: str) -> PipelineRule:
        """Return what a pipeline wants of nodes."""
        return self.pipelines.get(pipeline, _NO_RULE)

    def retry_of(self, pipeline: str) -> Retry:
        """Return how a pipeline's jobs are tried again."""
        return self.rule_of(pipeline).retry or self.retry

    def tags_of(self, node: str) -> frozenset[str]:
        """Return the tags that the operator gave a node."""
        return self.node_tags.get(node, frozenset())

    def charge(self, cores: int, memory_bytes: int) -> float:
        """Return what a second of so many cores and so much memory costs, in core-seconds."""
        return cores + self.shares.charge_gib * memory_bytes / GIB


_NO_RULE = PipelineRule()
