"""The calculation nodes: who is silent, and what tools and databases each lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crobot_tasks.operate.doctor.finding import Finding, of_trouble, ok, problem, warning
from crobot_tasks.operate.doctor.seen import Seen, looking
from crobot_tasks.operate.node_lacks import in_words
from crobot_tasks.operate.nodes import describe
from crobot_tasks.operate.troubles import of_nodes
from db.crobot import jobs


def examine(seen: Seen) -> Iterator[Finding]:
    """Look at what the last heartbeats said."""
    with looking() as session:
        troubles, nodes = list(of_nodes(session)), [describe(row) for row in jobs.nodes(session)]
    yield from map(of_trouble, troubles)
    up = [node for node in nodes if node["state"] == "up"]
    if not up:
        yield problem(
            "no calculation node is up",
            "jobs wait for ever",
            "start one with `crobot node --name NAME`, or resume one that is drained: `crobot nodes`",
        )
        return
    yield ok(f"{len(up)} of {len(nodes)} nodes are up, with {sum(node['cores'] for node in up)} cores")
    yield from _of_pipelines(up)


def _of_pipelines(up: list[dict[str, Any]]) -> Iterator[Finding]:
    offered = {pipeline for node in up for pipeline in node["pipelines"]}
    lacking = {pipeline for node in up for pipeline in node["unavailable"]}
    for sentence in in_words({node["name"]: (node["pipelines"], node["unavailable"]) for node in up}):
        yield warning(
            sentence,
            "jobs of it go to the other nodes, or wait if there is none",
            "install it there, and start the node again",
        )
    for pipeline in sorted(lacking - offered):
        yield warning(
            f"no node that is up offers {pipeline}",
            "jobs of it wait until one does",
            "`crobot nodes` says what is missing where",
        )
    for pipeline in sorted(offered):
        versions = sorted({str(node["pipelines"][pipeline]) for node in up if pipeline in node["pipelines"]})
        if len(versions) > 1:
            yield warning(
                f"nodes offer {pipeline} in the versions {', '.join(versions)}",
                "jobs of one version run on a part of the nodes only",
                "upgrade the nodes that have the older one",
            )
    yield ok(f"nodes offer {', '.join(sorted(offered)) or 'nothing'}")
