"""Nodes and jobs for the truth tables of the router."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crobot_tasks.router import Cluster, Decision, JobView, Kind, Load, NodeView, Policy, Queue, place

GB = 1024**3
SHORT, LONG = 0.1, 600.0
POLICY = Policy()


def node(name: str = "calc01", **values: Any) -> NodeView:
    defaults = {"cores": 4, "memory_bytes": 8 * GB, "disk_bytes": 100 * GB, "pipelines": {"QAssembly": "4.0"}}
    load = {one.job_id: one for one in values.pop("load", [])}
    return NodeView(name, load=load, **defaults | values)


def kind(**values: Any) -> Kind:
    defaults = {
        "pipeline": "QAssembly",
        "version": "4.0",
        "cores": 1,
        "memory_bytes": GB,
        "expected_s": LONG,
    }
    return Kind(**defaults | values)


OF_KIND = frozenset({"pipeline", "version", "cores", "memory_bytes", "disk_bytes", "expected_s"})


def job(number: int = 1, **values: Any) -> JobView:
    of_kind = {name: values.pop(name) for name in OF_KIND & values.keys()}
    return JobView(number, kind(**of_kind), **values)


def busy(number: int = 900, cores: int = 1, memory_bytes: int = GB, **values: Any) -> Load:
    defaults = {"disk_bytes": 0, "expected_s": LONG, "since": 0.0}
    return Load(number, cores, memory_bytes, **defaults | values)


def loads(many: int, **values: Any) -> list[Load]:
    return [busy(900 + number, **values) for number in range(many)]


def decide(
    nodes: Iterable[NodeView],
    jobs: Iterable[JobView],
    policy: Policy = POLICY,
    now: float = 0.0,
    used: Mapping[tuple[str, int], float] | None = None,
) -> Decision:
    return place(Cluster(nodes), Queue(jobs, used or {}, policy), policy, now)


def placed(*given: Any, **more: Any) -> dict[int, str]:
    return {one.job_id: one.node for one in decide(*given, **more).placements}
