"""The rules of placement, retries, maintenance and retention, and their TOML file; reads no file itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from crobot_errors import BadPolicy
from crobot_tasks.router.maintenance import Maintenance, read_maintenance
from crobot_tasks.router.retention import Retention, read_retention
from crobot_tasks.router.targets import Targets, read_targets
from crobot_tasks.router.toml_table import Table, parse

#: sorts jobs of different owners; the least is first
Rank = tuple[int, float, str, float, int, int]
#: the least urgent priority
LAST_PRIORITY = 9


@dataclass(frozen=True)
class PriorityClass:
    """Priorities up to this number (0 is the most urgent), above the class before it."""

    name: str
    upto: int


@dataclass(frozen=True)
class Shares:
    """What an owner is charged, and what weighs against it."""

    half_life_s: float = 86400.0
    #: a GiB of memory costs as much as so many cores
    charge_gib: float = 0.25
    workgroups: Mapping[str, float] = field(default_factory=dict)
    users: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Window:
    """How many short jobs may queue on a node beyond its cores."""

    #: seconds of work for each core; any number of jobs
    ahead_s: float = 0.5
    #: of jobs that take no longer than this, one for each core may queue
    short_s: float = 10.0
    most_jobs: int = 64


@dataclass(frozen=True)
class Reserving:
    """When a job that others overtake gets a node kept free."""

    after_s: float = 300.0
    #: nodes kept free at the same time
    most: int = 8
    #: by so much of its own typical time may more urgent jobs delay the start of the job
    urgent_share: float = 0.25


@dataclass(frozen=True)
class Quarantine:
    """When a node is shut out."""

    #: failures one after the other, all for the node's own reasons
    failures: int = 5


@dataclass(frozen=True)
class Retry:
    """How often a job is tried, and with how much more."""

    attempts: int = 3
    delay_s: float = 5.0
    longest_delay_s: float = 600.0
    memory_growth: float = 2.0
    time_growth: float = 2.0


@dataclass(frozen=True)
class Tags:
    """What tags mean to all pipelines."""

    #: a node with one of these takes only pipelines that require, prefer or accept it
    reserved: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PipelineRule:
    """What a pipeline wants of a node's tags, and how it is tried again."""

    requires: frozenset[str] = frozenset()
    prefers: frozenset[str] = frozenset()
    accepts: frozenset[str] = frozenset()
    rejects: frozenset[str] = frozenset()
    retry: Retry | None = None


@dataclass(frozen=True)
class NodeRule:
    """What an operator says of a node."""

    tags: frozenset[str] = frozenset()


_NO_RULE = PipelineRule()


@dataclass(frozen=True)
class Policy:
    """All the rules; as it stands, the default ones."""

    classes: tuple[PriorityClass, ...] = (
        PriorityClass("interactive", 3),
        PriorityClass("normal", 6),
        PriorityClass("batch", LAST_PRIORITY),
    )
    shares: Shares = Shares()
    window: Window = Window()
    reservation: Reserving = Reserving()
    quarantine: Quarantine = Quarantine()
    #: attempts that took their process or node with them
    poison_after: int = 3
    retry: Retry = Retry()
    tags: Tags = Tags()
    pipelines: Mapping[str, PipelineRule] = field(default_factory=dict)
    nodes: Mapping[str, NodeRule] = field(default_factory=dict)
    maintenance: Maintenance = Maintenance()
    #: where outcomes may be posted to
    targets: Targets = Targets()
    retention: Retention = Retention()

    def retry_of(self, pipeline: str) -> Retry:
        """Return how jobs of this pipeline are tried again."""
        return self.rule_of(pipeline).retry or self.retry

    def rule_of(self, pipeline: str) -> PipelineRule:
        """Return what the pipeline wants of a node."""
        return self.pipelines.get(pipeline, _NO_RULE)

    def tags_of(self, node: str) -> frozenset[str]:
        """Return the tags that the operator added to this node."""
        rule = self.nodes.get(node)
        return rule.tags if rule else frozenset()

    def class_of(self, priority: int) -> int:
        """Return the number of the priority's class, from 0."""
        for number, one in enumerate(self.classes):
            if priority <= one.upto:
                return number
        return len(self.classes) - 1

    def charge(self, cores: int, memory_bytes: int, seconds: float) -> float:
        """Return the core-seconds that so much for so long costs its owner."""
        return (cores + self.shares.charge_gib * memory_bytes / 1024**3) * seconds

    def ranks(self, used: Mapping[tuple[str, int], float]) -> Callable[[int, str, int], Rank]:
        """Return what ranks (priority, workgroup, user), given what all owners have used; built once for many."""
        workgroups: dict[str, float] = {}
        for (workgroup, _), seconds in used.items():
            workgroups[workgroup] = workgroups.get(workgroup, 0.0) + seconds
        shares = self.shares

        def rank(priority: int, workgroup: str, user_id: int) -> Rank:
            of_workgroup = workgroups.get(workgroup, 0.0) / shares.workgroups.get(workgroup, 1.0)
            of_user = used.get((workgroup, user_id), 0.0) / shares.users.get(user_id, 1.0)
            return self.class_of(priority), of_workgroup, workgroup, of_user, user_id, priority

        return rank


DEFAULT = Policy()


def read(text: str) -> Policy:
    """Return the policy that is written in the text; what it does not say is as in the default policy.

    Raises:
        BadPolicy: with the line, the key, its value and what is wrong with it.
    """
    file = parse(text, BadPolicy).only(
        "poison_after", "classes", "shares", "window", "reservation", "quarantine", "retry", "tags",
        "pipelines", "nodes", "maintenance", "webhooks", "retention",
    )  # fmt: skip
    retry = _retry(file.table("retry"), DEFAULT.retry)
    pipelines, nodes = file.table("pipelines"), file.table("nodes")
    return Policy(
        classes=_classes(file.table("classes")),
        shares=_shares(file.table("shares")),
        window=_window(file.table("window")),
        reservation=_reservation(file.table("reservation")),
        quarantine=_quarantine(file.table("quarantine")),
        poison_after=file.whole("poison_after", DEFAULT.poison_after, 1),
        retry=retry,
        tags=Tags(frozenset(file.table("tags").only("reserved").names("reserved"))),
        pipelines={name: _pipeline(pipelines.table(name), retry) for name in pipelines},
        nodes={name: NodeRule(frozenset(nodes.table(name).only("tags").names("tags"))) for name in nodes},
        maintenance=read_maintenance(file.table("maintenance")),
        targets=read_targets(file.table("webhooks")),
        retention=read_retention(file.table("retention")),
    )


def _classes(table: Table) -> tuple[PriorityClass, ...]:
    classes: list[PriorityClass] = []
    for name in table:
        upto = table.whole(name, 0, 0, LAST_PRIORITY)
        if classes and upto <= classes[-1].upto:
            raise table.wrong(name, f"must be more than {classes[-1].upto}, that of {classes[-1].name}")
        classes.append(PriorityClass(name, upto))
    if classes and classes[-1].upto != LAST_PRIORITY:
        raise table.wrong(classes[-1].name, f"the last class must go up to {LAST_PRIORITY}")
    return tuple(classes) or DEFAULT.classes


def _shares(table: Table) -> Shares:
    table.only("half_life_h", "charge_gib", "workgroups", "users")
    workgroups, users = table.table("workgroups"), table.table("users")
    for name in users:
        if not (name.isascii() and name.isdigit()):
            raise users.wrong(name, "a user is named by its number")
    return Shares(
        half_life_s=3600 * table.positive("half_life_h", DEFAULT.shares.half_life_s / 3600),
        charge_gib=table.number("charge_gib", DEFAULT.shares.charge_gib),
        workgroups={name: workgroups.positive(name, 1.0) for name in workgroups},
        users={int(name): users.positive(name, 1.0) for name in users},
    )


def _window(table: Table) -> Window:
    table.only("ahead_s", "short_s", "most_jobs")
    default = DEFAULT.window
    return Window(
        table.number("ahead_s", default.ahead_s),
        table.number("short_s", default.short_s),
        table.whole("most_jobs", default.most_jobs),
    )


def _reservation(table: Table) -> Reserving:
    table.only("after_s", "most", "urgent_share")
    default = DEFAULT.reservation
    return Reserving(
        table.number("after_s", default.after_s),
        table.whole("most", default.most),
        table.number("urgent_share", default.urgent_share),
    )


def _quarantine(table: Table) -> Quarantine:
    return Quarantine(table.only("failures").whole("failures", DEFAULT.quarantine.failures, 1))


def _retry(table: Table, default: Retry) -> Retry:
    table.only("attempts", "delay_s", "longest_delay_s", "memory_growth", "time_growth")
    return Retry(
        table.whole("attempts", default.attempts, 1),
        table.number("delay_s", default.delay_s),
        table.number("longest_delay_s", default.longest_delay_s),
        table.number("memory_growth", default.memory_growth, 1.0),
        table.number("time_growth", default.time_growth, 1.0),
    )


def _pipeline(table: Table, default: Retry) -> PipelineRule:
    table.only("requires", "prefers", "accepts", "rejects", "retry")
    rule = PipelineRule(
        requires=frozenset(table.names("requires")),
        prefers=frozenset(table.names("prefers")),
        accepts=frozenset(table.names("accepts")),
        rejects=frozenset(table.names("rejects")),
        retry=_retry(table.table("retry"), default) if "retry" in table else None,
    )
    if both := rule.rejects & (rule.requires | rule.prefers | rule.accepts):
        raise table.wrong("rejects", f"{', '.join(sorted(both))} is also required, preferred or accepted")
    return rule
