"""Whether a node takes a job, and if not, why: what it offers, what it has free, what may wait in its queue."""

from __future__ import annotations

from crobot_tasks.router.policy import GIB, PipelineRule, Policy
from crobot_tasks.router.views import Kind, NodeView


def inability(node: NodeView, kind: Kind, policy: Policy) -> str:
    """Say why the node cannot run such a job at all as it is; empty if it can."""
    if node.closed:
        return node.closed
    offered = node.pipelines.get(kind.pipeline)
    if offered is None:
        return node.missing.get(kind.pipeline, f"does not know {kind.pipeline}")
    if offered != kind.version:
        return f"offers {kind.pipeline} {offered}, not {kind.version}"
    return _unwelcome(node, policy.rule_of(kind.pipeline), policy) or _too_small(node, kind)


def _unwelcome(node: NodeView, rule: PipelineRule, policy: Policy) -> str:
    if lacking := rule.requires - node.tags:
        return f"lacks the tag {_listed(lacking)}"
    if rejected := rule.rejects & node.tags:
        return f"has the tag {_listed(rejected)}, which the pipeline rejects"
    welcome = rule.requires | rule.prefers | rule.accepts
    if kept := (node.tags & policy.reserved_tags) - welcome:
        return f"is reserved for pipelines that accept {_listed(kept)}"
    return ""


def _too_small(node: NodeView, kind: Kind) -> str:
    for what, has, needs in (
        ("cores", node.cores, kind.cores),
        ("memory", node.memory_bytes, kind.memory_bytes),
    ):
        if needs > has:
            return f"has {_amount(what, has)} in all, the job needs {_amount(what, needs)}"
    if kind.disk_bytes > node.disk_bytes:
        return (
            f"has {_amount('disk', node.disk_bytes)} free, the job needs {_amount('disk', kind.disk_bytes)}"
        )
    return ""


def has_room(node: NodeView, kind: Kind) -> bool:
    """Whether the job could begin there at once."""
    return (
        kind.cores <= node.free_cores
        and kind.memory_bytes <= node.free_memory_bytes
        and kind.disk_bytes <= node.free_disk_bytes
    )


def may_queue(node: NodeView, kind: Kind, policy: Policy) -> bool:
    """Whether the job may wait in the node's queue: only short jobs of one core, behind such jobs.

    The node's slots then keep them from running too many at once, and none waits long.
    """
    window, share = policy.window, node.memory_bytes // node.cores
    if kind.cores > 1 or kind.memory_bytes > share or kind.expected_s > window.short_s:
        return False
    if kind.disk_bytes > node.free_disk_bytes or node.large(share, window.short_s):
        return False
    return may_open(node, policy, kind.expected_s)


def may_open(node: NodeView, policy: Policy, expected_s: float = 0.0) -> bool:
    """Whether one more short job may wait in the node's queue, by its length alone."""
    window, waiting = policy.window, len(node.load) + 1 - node.cores
    if waiting > window.most_jobs:
        return False
    if waiting <= node.cores:
        return True
    typical_s = (node.expected_s + expected_s) / (len(node.load) + 1)
    return waiting * typical_s <= window.ahead_s * node.cores


def refusal(node: NodeView, kind: Kind, policy: Policy) -> str:
    """Say why the node does not take the job now; empty if it does."""
    if unable := inability(node, kind, policy):
        return unable
    if has_room(node, kind) or may_queue(node, kind, policy):
        return ""
    if kind.cores > node.free_cores:
        return f"{max(node.free_cores, 0)} of {node.cores} cores free, the job needs {kind.cores}"
    if kind.memory_bytes > node.free_memory_bytes:
        return f"{_amount('memory', node.free_memory_bytes)} free, the job needs {_amount('memory', kind.memory_bytes)}"
    return f"{_amount('disk', node.free_disk_bytes)} free, the job needs {_amount('disk', kind.disk_bytes)}"


def by_reason(reasons: dict[str, str]) -> str:
    """Write node → reason with each reason once."""
    names: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        names.setdefault(reason, []).append(name)
    return "; ".join(f"{reason} on {', '.join(who)}" for reason, who in names.items())


def _listed(tags: frozenset[str]) -> str:
    return ", ".join(sorted(tags))


def _amount(what: str, value: int) -> str:
    if what == "cores":
        return "1 core" if value == 1 else f"{value} cores"
    return f"{max(value, 0) / GIB:.1f} GiB {what}"
