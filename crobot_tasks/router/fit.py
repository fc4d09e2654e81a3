"""Who may run where: why a node cannot, or does not now, take a job of some kind, in words; places nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crobot_tasks.router.policy import Policy
from crobot_tasks.router.room import Reserved, Room
from crobot_tasks.router.views import JobView, Kind, NodeView

#: nodes that are named for one reason
MOST_NAMED = 5


def inability(node: NodeView, kind: Kind, policy: Policy) -> str:
    """Say why the node cannot run such a job at all as it is; empty if it can."""
    return node.closed or _not_offered(node, kind) or _tags(node, kind, policy) or _too_small(node, kind)


def _not_offered(node: NodeView, kind: Kind) -> str:
    offered = node.pipelines.get(kind.pipeline)
    if offered is None:
        return node.unavailable.get(kind.pipeline, f"does not know {kind.pipeline}")
    return "" if offered == kind.version else f"offers {kind.pipeline} {offered}, not {kind.version}"


def _tags(node: NodeView, kind: Kind, policy: Policy) -> str:
    rule = policy.rule_of(kind.pipeline)
    if lacking := rule.requires - node.tags:
        return f"lacks the tag {_listed(lacking)}, which {kind.pipeline} requires"
    if rejected := rule.rejects & node.tags:
        return f"has the tag {_listed(rejected)}, which {kind.pipeline} rejects"
    named = rule.requires | rule.prefers | rule.accepts
    if reserved := (policy.tags.reserved & node.tags) - named:
        return f"is reserved by its tag {_listed(reserved)} for pipelines that name it"
    return ""


def _too_small(node: NodeView, kind: Kind) -> str:
    for what, has, needs in (
        ("cores", node.cores, kind.cores),
        ("memory", node.memory_bytes, kind.memory_bytes),
    ):
        if needs > has:
            return f"has {amount(what, has)} in all, the job needs {amount(what, needs)}"
    if kind.disk_bytes > node.disk_bytes:
        return f"has {amount('disk', node.disk_bytes)} free, the job needs {amount('disk', kind.disk_bytes)}"
    return ""


def refusal(room: Room, job: JobView, policy: Policy, now: float) -> str:
    """Say why the node does not take the job now; empty if it does."""
    if why := inability(room.node, job.kind, policy):
        return why
    ahead = room.ahead(job.kind, policy.class_of(job.priority), now)
    return "" if ahead is not None else _busy(room, job.kind)


def _busy(room: Room, kind: Kind) -> str:
    if kind.cores > room.free_cores and not room.may_queue(kind):
        return f"{max(room.free_cores, 0)} of {room.node.cores} cores free, the job needs {kind.cores}"
    if kind.cores <= room.free_cores and kind.memory_bytes > room.free_memory:
        return (
            f"{amount('memory', room.free_memory)} free, the job needs {amount('memory', kind.memory_bytes)}"
        )
    if kind.disk_bytes > room.free_disk:
        free = amount("disk", max(room.free_disk, 0))
        return f"{free} not yet promised to others, the job needs {amount('disk', kind.disk_bytes)}"
    assert room.reserved is not None  # nothing else is left
    return _reserved(room.reserved)


def _reserved(reserved: Reserved) -> str:
    job = reserved.job
    return f"kept free for job {job.id}, which waits for {amount('cores', job.kind.cores)}{urgent_delay(reserved)}"


def urgent_delay(reserved: Reserved) -> str:
    """Say by how much more urgent jobs may delay the one that a node is reserved for; empty if none is more urgent."""
    if not reserved.class_number:
        return ""
    if reserved.left_s < 1:
        return ", and more urgent jobs may delay it no further"
    return f", and more urgent jobs may delay it by up to {reserved.left_s:.0f} s"


def preferred(node: NodeView, kind: Kind, policy: Policy) -> frozenset[str]:
    """Return the node's tags that such a job prefers."""
    return policy.rule_of(kind.pipeline).prefers & node.tags


def by_reason(reasons: Mapping[str, str]) -> str:
    """Join node → reason into one line, each reason once, with the first of its nodes."""
    names: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        names.setdefault(reason, []).append(name)
    return "; ".join(f"{reason} on {some(who)}" for reason, who in names.items())


def some(names: Sequence[str]) -> str:
    """Name the first of them, and say how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def amount(what: str, value: int) -> str:
    """Return a number of cores, or bytes, with its unit."""
    if what == "cores":
        return "1 core" if value == 1 else f"{value} cores"
    return f"{value / 1024**3:.1f} GiB {what}"


def _listed(tags: frozenset[str]) -> str:
    return ", ".join(sorted(tags))
