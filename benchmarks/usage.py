"""What processes use: CPU seconds, memory, transactions, broker commands; starts and stops nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import psutil

from benchmarks.stage import Stage
from crobot_tasks import embedded
from crobot_tasks.celery import app
from tests.processes import value

_COUNTED = {
    "database transactions": "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()",
    "kB of database log": "SELECT wal_bytes / 1000 FROM pg_stat_wal",
    "database log flushes": "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal'",
}


def cpu_s(stage: Stage) -> dict[str, float]:
    """CPU seconds since their start, by who used them."""
    return {name: sum(map(_cpu_s, members)) for name, members in _groups(stage).items()}


def counters() -> dict[str, float]:
    """What the servers have counted since their start."""
    counted = {name: float(value(sql)) for name, sql in _COUNTED.items()}
    return counted | {"broker commands": float(app.backend.client.info()["total_commands_processed"])}


def memory_mb(stage: Stage) -> dict[str, dict[str, float]]:
    """PSS and USS of each process, in MB; of the node's children, the largest."""
    groups = _groups(stage)
    return {name: _largest(groups[name]) for name in ("head", "beat", "node parent", "node children")}


def used(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Return the difference of two looks."""
    return {name: after[name] - before[name] for name in before}


def _groups(stage: Stage) -> dict[str, list[psutil.Process]]:
    groups = {"sender": [psutil.Process(os.getpid())]}
    for name in ("head", "beat"):
        groups[name] = stage.processes[name].family()
    for name in ("node", "plain"):
        parent, *children = stage.processes[name].family()
        groups |= {f"{name} parent": [parent], f"{name} children": children}
    for server in embedded.status(stage.data_dir).servers:
        assert server.pid is not None
        process = psutil.Process(server.pid)
        groups[server.name] = [process, *process.children(recursive=True)]
    return groups


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    # connections that were closed are children that were reaped; the sender's and the workers' are not what we ask for
    reaped = times.children_user + times.children_system if process.name() == "postgres" else 0.0
    return float(times.user + times.system + reaped)


def _largest(processes: Iterable[psutil.Process]) -> dict[str, float]:
    sizes: list[Any] = [process.memory_full_info() for process in processes]
    most = max(sizes, key=lambda size: size.pss)
    return {"PSS": most.pss / 1e6, "USS": most.uss / 1e6}
