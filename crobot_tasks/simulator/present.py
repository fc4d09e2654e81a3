"""The database's nodes and jobs as a simulation: what waits now, or what was sent in a period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from crobot_errors import BadSimulation
from crobot_tasks.head import cluster_state
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.router import Kind, NodeView, Policy
from crobot_tasks.simulator.streams import Stream
from crobot_tasks.simulator.workload import JobTemplate, Workload
from db.crobot import dispatching, history
from db.engine import transaction


def policy() -> Policy:
    """Return the policy in force."""
    with transaction() as session:
        return policy_in_force.current(session)


def nodes(policy: Policy, at_work: bool) -> list[NodeView]:
    """Return the nodes that get jobs, empty or with what they have now; the time is 0 now.

    Raises:
        BadSimulation: there are none.
    """
    with transaction() as session:
        found = [node for node in cluster_state.nodes(session, policy) if not node.closed]
        now = dispatching.now(session)
    if not found:
        raise BadSimulation(
            "no node in the database gets jobs (see `crobot nodes`): start one, or describe some as [[nodes]] in a file"
        )
    return [_moved(node, now) if at_work else replace(node, load={}) for node in found]


def _moved(node: NodeView, now: float) -> NodeView:
    """Live attempts keep negative numbers, which no job of a simulation has."""
    load = {-job_id: replace(one, job_id=-job_id, since=one.since - now) for job_id, one in node.load.items()}
    return replace(node, load=load)


def durations(pipeline: str) -> Sequence[float]:
    """Return how long jobs of a pipeline took lately, in seconds."""
    with transaction() as session:
        return history.durations(session, pipeline)


def with_versions(streams: Sequence[Stream], nodes: Sequence[NodeView]) -> list[Stream]:
    """Return described streams as jobs of the versions that the nodes of the database offer."""
    return [replace(stream, template=_with_version(stream.template, nodes)) for stream in streams]


def _with_version(template: JobTemplate, nodes: Sequence[NodeView]) -> JobTemplate:
    """While nodes are upgraded there are two versions: the one that more of them offer."""
    name = template.kind.pipeline
    offered = Counter(node.pipelines[name] for node in nodes if name in node.pipelines)
    version = offered.most_common(1)[0][0] if offered else ""
    kind = template.kind
    kind = Kind(name, version, kind.cores, kind.memory_bytes, kind.disk_bytes, kind.database, kind.expected_s)
    return replace(template, kind=kind)


def offering(nodes: Sequence[NodeView], workload: Workload) -> list[NodeView]:
    """Return described nodes that offer what the database's jobs need; which versions, no description says."""
    needed = {template.kind.pipeline: template.kind.version for template in workload.templates}
    return [
        replace(node, pipelines={name: needed.get(name, "") for name in node.pipelines or needed})
        for node in nodes
    ]


def past(seconds: float) -> Workload:
    """Return the jobs that were sent in the last so many seconds, and ran.

    Raises:
        BadSimulation: there are none.
    """
    with transaction() as session:
        rows = history.period(session, seconds)
    if not rows:
        raise BadSimulation(
            "no job was sent in this period and ran to its end: name a longer one, or describe a workload"
        )
    return _workload(rows, [float(row.run_s) for row in rows])


def waiting(seed: int) -> Workload:
    """Return the jobs that wait now; they will take as long as some job of their pipeline took, or what is typical.

    Raises:
        BadSimulation: none waits.
    """
    with transaction() as session:
        rows = history.waiting(session)
        known = {name: history.durations(session, name) for name in {row.pipeline for row in rows}}
    if not rows:
        raise BadSimulation(
            "no job waits: simulate the past with --since 7d, a file, or `--example reassembly`"
        )
    random = np.random.default_rng(seed)
    took = [
        float(random.choice(known[row.pipeline])) if known[row.pipeline] else float(row.expected_s)
        for row in rows
    ]
    return _workload(rows, took)


def _workload(rows: Sequence[Any], took: Sequence[float]) -> Workload:
    templates: dict[JobTemplate, int] = {}
    numbers = [templates.setdefault(_template(row), len(templates)) for row in rows]
    return Workload(
        list(templates),
        np.array(numbers, dtype=np.int32),
        np.array([float(row.arrival_s) for row in rows]),
        np.array(took),
        np.array([row.user_id for row in rows], dtype=np.int64),
    )


def _template(row: Any) -> JobTemplate:
    kind = Kind(
        row.pipeline,
        row.version,
        row.cores,
        row.memory_bytes,
        row.disk_bytes,
        expected_s=float(row.expected_s),
    )
    return JobTemplate(row.pipeline, kind, row.priority, row.workgroup)
