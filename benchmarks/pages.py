"""(o) The operators' pages at size: each over HTTP, right after a bulk insert without statistics, and with them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

import requests

import celeryconfig
from benchmarks import pages_fill
from benchmarks.figures import Chapter, Figure
from benchmarks.waiting import servers
from tests.processes import Process, wait_for

LOGIN = ("ada", "secret")
ROUNDS = 5
PORT = 5599
#: a page that asks no database: what Flower and the machine take in any case
TRIVIAL = "/healthcheck"
_SETTINGS = {
    "CROBOT_FLOWER_OPERATORS": ":".join(LOGIN),
    # the nodes are rows, and send no heartbeats
    "CROBOT_LEASE_S": "1000000",
    "CROBOT_HEARTBEAT_S": "1000000",
}


def measure(over: int, live: int = 50_000) -> Chapter:
    """Measure every page twice: before PostgreSQL has any statistics, and after."""
    size = pages_fill.Size(over, live)
    with servers() as folder, _flower(folder) as address:
        pages_fill.fill(size)
        figures = _figures(address, size, "no statistics")
        pages_fill.analyze()
        figures += _figures(address, size, "analyzed")
    title = (
        f"pages beside {over:,} jobs that are over, {live:,} live, {size.nodes} nodes, {size.batches} batches"
    )
    return Chapter("o", f"{title}: median of {ROUNDS}", f"worst of {ROUNDS}", figures)


def paths(size: pages_fill.Size) -> tuple[str, ...]:
    """Return every page, and the lists with filters of each kind."""
    waiting, running, over = size.over + size.live - 1, size.over + size.live - 10, size.over
    return (
        TRIVIAL,
        "/",
        *("/jobs", "/jobs?state=LIVE", "/jobs?user=7", "/jobs?state=FAILED", "/jobs?outcome=poison"),
        *("/jobs?pipeline=QAssembly&database=senterica", "/jobs?batch=open3", "/jobs?workgroup=group1"),
        *(
            "/jobs?node=calc007",
            "/jobs?tag=tag7",
            # each matches much, and both at once nothing; or one in some thousand
            "/jobs?pipeline=QAssembly&database=ecoli",
            "/jobs?user=7&workgroup=group1",
            "/jobs?workgroup=group1&outcome=poison&state=COMPLETE",
            "/jobs?sent_from=2020-01-01T00:00",
            f"/jobs?before={over // 2}",
        ),
        *(f"/jobs/{waiting}", f"/jobs/{running}", f"/jobs/{over}", f"/jobs/{over}/log", f"/jobs/{over // 3}"),
        *("/jobs/change?what=cancel&all=1&batch=open3", "/jobs/change?what=hold&all=1&state=LIVE"),
        *("/nodes", "/batches", "/batches/open3", "/batches/past3"),
        *("/analyses", "/analyses?user=7", "/policy", "/audit", "/audit?who=ada", "/audit/7", "/metrics"),
    )


def _figures(address: str, size: pages_fill.Size, when: str) -> list[Figure]:
    return [_timed(address, path, when) for path in paths(size)]


def _timed(address: str, path: str, when: str) -> Figure:
    times = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        requests.get(address + path, auth=LOGIN, timeout=60).raise_for_status()
        times.append(1000 * (time.perf_counter() - began))
    # the first is the warm-up
    return Figure(f"{path}, {when}", "ms", median(times[1:]), max(times[1:]))


@contextmanager
def _flower(folder: Path) -> Iterator[str]:
    address = f"http://127.0.0.1:{PORT}"
    settings = _SETTINGS | {
        "CROBOT_DATA_DIR": str(folder),
        "CROBOT_DATABASE_URL": celeryconfig.crobot_database_url,
        "CROBOT_BROKER_URL": celeryconfig.crobot_broker_url,
    }
    line = [sys.executable, "-m", "crobot_tasks.cli", "flower", "--port", str(PORT)]
    process = Process("flower", line, folder, **settings)
    try:
        wait_for("Flower", lambda: _answers(address))
        yield address
    finally:
        process.stop()


def _answers(address: str) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(address + TRIVIAL, timeout=30).ok
    return False
