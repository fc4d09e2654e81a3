"""Calculation nodes: how many are how, what each has and uses, and whether heads hear them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from prometheus_client.core import Metric

from crobot_tasks.operate import explain
from crobot_tasks.operate.nodes import describe
from crobot_tasks.web.flower.metrics.families import gauge, number
from db.crobot import jobs

#: all are there, also those of which there is no node: an alert can ask for them
_STATES = ("up", "drained", "quarantined", "silent")
_OF_A_NODE = {
    "cores": "Cores of a node",
    "cores_used": "Cores of a node in use",
    "memory_bytes": "Memory of a node",
    "free_disk_bytes": "Free disk of a node",
    "live_attempts": "Attempts that are sent to a node or run there",
    "pending_reports": "Reports in the spool of a node that no head has acknowledged",
}


def read(session: Any) -> Iterator[Metric]:
    """Return all families of nodes."""
    nodes = [describe(row) for row in jobs.nodes(session)]
    states = Counter(node["state"] for node in nodes)
    yield gauge("crobot_nodes", "Calculation nodes", ("state",), [((one,), states[one]) for one in _STATES])
    for column, text in _OF_A_NODE.items():
        samples = [((node["name"],), node[column]) for node in nodes]
        yield gauge(f"crobot_node_{column}", text, ("node",), samples)
    hear = 0 if explain.heads_warning(session) else 1
    yield number("crobot_heads_hear", "Whether a head reads what nodes say", hear)
