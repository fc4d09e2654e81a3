"""(e) The pure choice of nodes: decisions per second, and what each costs as more jobs wait; needs no servers."""

from __future__ import annotations

import gc
import random
import time
from statistics import mean, median

from benchmarks.figures import Chapter, Figure, percentile
from crobot_tasks.router import Cluster, Decision, JobView, Kind, NodeView, Policy, Queue, place

NODES, CORES = 1000, 32
USERS, WORKGROUPS = 200, 20
WAITING = (10_000, 100_000, 1_000_000)
#: jobs that end one by one on the full cluster
ENDS = 3000
GIB = 1024**3
KINDS = [
    Kind(f"P{number}", "1", cores, gib * GIB, expected_s=600.0)
    for number, (cores, gib) in enumerate([(1, 1), (1, 2), (4, 8), (8, 16)])
]


def measure() -> Chapter:
    """Fill an empty cluster, then let one job after the other end; processor time, since others may be at work."""
    looks = {waiting: _look(waiting) for waiting in WAITING}
    few_jobs, few_us = looks[WAITING[0]]
    figures = []
    for waiting, (rate, calls_us) in looks.items():
        text = f"{waiting:,} waiting"
        figures += [
            Figure(f"{text}: placements on an empty cluster", "1/s", rate, few_jobs, rate / few_jobs),
            _figure(f"{text}: a call after one end, median", median(calls_us), median(few_us)),
            _figure(f"{text}: a call after one end, mean", mean(calls_us), mean(few_us)),
            _figure(f"{text}: a call after one end, 99 %", percentile(calls_us, 99), percentile(few_us, 99)),
        ]
    title = f"choice of nodes: {NODES} nodes, {USERS} users, {len(KINDS)} pipelines"
    return Chapter("e", title, f"{WAITING[0]:,} waiting", figures)


def _figure(what: str, ours: float, theirs: float) -> Figure:
    return Figure(what, "us", ours, theirs, ours / theirs)


def _look(waiting: int) -> tuple[float, list[float]]:
    """Placements per second on an empty cluster, and microseconds of each call on the full one."""
    policy = Policy()
    cluster, queue = Cluster(_nodes()), Queue(_jobs(0, NODES * CORES), {}, policy)
    filling = place(cluster, queue, policy, 0.0)
    for job in _jobs(NODES * CORES, waiting):
        queue.add(job)
    calls_us = _saturated(cluster, queue, policy, filling)
    del cluster, queue
    return _rate(waiting, policy), calls_us


def _rate(waiting: int, policy: Policy) -> float:
    cluster, queue = Cluster(_nodes()), Queue(_jobs(0, waiting), {}, policy)
    gc.collect()
    began = time.process_time()
    decision = place(cluster, queue, policy, 0.0)
    return len(decision.placements) / (time.process_time() - began)


def _saturated(cluster: Cluster, queue: Queue, policy: Policy, filling: Decision) -> list[float]:
    chance = random.Random(1)
    live = [(one.node, one.job_id) for one in filling.placements]
    calls_us = []
    gc.collect()
    for number in range(ENDS):
        chosen = chance.randrange(len(live))
        live[chosen], live[-1] = live[-1], live[chosen]
        node, job_id = live.pop()
        began = time.process_time()
        cluster.end(node, job_id)
        decision = place(cluster, queue, policy, 1000.0 + number)
        calls_us.append(1e6 * (time.process_time() - began))
        live += [(one.node, one.job_id) for one in decision.placements]
    return calls_us


def _nodes() -> list[NodeView]:
    offered = {kind.pipeline: kind.version for kind in KINDS}
    return [NodeView(f"n{number:04}", CORES, 4 * CORES * GIB, 0, offered) for number in range(NODES)]


def _jobs(first: int, many: int) -> list[JobView]:
    return [
        JobView(
            number, KINDS[number % len(KINDS)], 5, f"w{number % WORKGROUPS}", number // len(KINDS) % USERS
        )
        for number in range(first, first + many)
    ]
