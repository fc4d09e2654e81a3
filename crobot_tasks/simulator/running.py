"""What the nodes have in hand when a simulation begins: when it is expected to end; plain values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crobot_tasks.router import Load, NodeView
from crobot_tasks.simulator.loop import End, Site

#: a job that runs longer than it should is expected to go on for this part of its age
OVERRUN = 0.1


def ends(nodes: Sequence[NodeView], now: float) -> Iterator[End]:
    """Yield the ends of what the nodes have in hand."""
    for number, node in enumerate(nodes):
        for load in node.load.values():
            yield _expected_end(load, now), load.job_id, number, (load.cores, load.memory_bytes)


def sites(nodes: Sequence[NodeView]) -> list[Site]:
    """Return the nodes at work, with what is left of them."""
    return [
        Site(
            node.cores - sum(load.cores for load in node.load.values()),
            node.memory_bytes - sum(load.memory_bytes for load in node.load.values()),
        )
        for node in nodes
    ]


def _expected_end(load: Load, now: float) -> float:
    return max(load.since + load.expected_s, now + OVERRUN * (now - load.since))
