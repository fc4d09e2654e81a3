"""(g) Dispatches with a thousand nodes and up to a million waiting jobs, in a real database and broker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlalchemy import text

import celeryconfig
from benchmarks.figures import Chapter, Figure
from crobot_tasks import embedded
from crobot_tasks.celery import app
from crobot_tasks.head.dispatch import dispatch
from db import engine, migrate
from db.engine import transaction

NODES, CORES = 1000, 32
USERS, PIPELINES = 200, 4
#: jobs placed in one round
PLACED = 4000

_NODES = text("""
    INSERT INTO crobot.nodes (name, incarnation, cores, memory_bytes, disk_bytes, pipelines, unavailable)
    SELECT 'calc' || n, '1', :cores, 256 * 1024::bigint^3, 1e12, :pipelines, '{}' FROM generate_series(1, :nodes) n""")
_JOBS = text("""
    INSERT INTO crobot.jobs (pipeline, version, priority, workgroup, user_id, args, kwargs, request, context,
                             cores, memory_bytes, disk_bytes, time_limit_s, expected_s)
    SELECT 'p' || n % :pipelines, '1', 5, 'group' || n % 20, n % :users, '[]', '{}', '{}', '{}', 1 + n % 3,
           (1 + n % 4) * 1024::bigint^3, 0, 3600, 600
    FROM generate_series(1, :jobs) n""")
_EMPTY = text("TRUNCATE crobot.jobs, crobot.nodes, crobot.shares CASCADE")
_FREE = text("TRUNCATE crobot.attempts")
_AGAIN = text("UPDATE crobot.jobs SET state = 'WAITING', attempt = 0, node = NULL WHERE state = 'ROUTED'")


def measure(sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000), rounds: int = 5) -> Chapter:
    """Measure the rate of placements, publishing included, with ever more jobs that wait."""
    with servers():
        rates = {jobs: _rate(jobs, rounds) for jobs in sizes}
    figures = [Figure(f"{jobs:,} waiting", "jobs placed a second", rate) for jobs, rate in rates.items()]
    figures.append(
        Figure("cost of a job, most against fewest waiting", "", rates[sizes[0]] / rates[sizes[-1]])
    )
    return Chapter("g", f"dispatch, {NODES:,} nodes of {CORES} cores, {USERS} users", "", figures)


def _rate(jobs: int, rounds: int) -> float:
    with transaction() as session:
        session.execute(_EMPTY)
        pipelines = "{" + ", ".join(f'"p{n}": "1"' for n in range(PIPELINES)) + "}"
        session.execute(_NODES, {"nodes": NODES, "cores": CORES, "pipelines": pipelines})
        session.execute(_JOBS, {"jobs": jobs, "pipelines": PIPELINES, "users": USERS})
    _analyze()
    return median(_round() for _ in range(rounds))


def _round() -> float:
    """Place jobs on empty nodes; then put all back."""
    placed, began = 0, time.perf_counter()
    while placed < PLACED:
        placed += dispatch().jobs
    rate = placed / (time.perf_counter() - began)
    with transaction() as session:
        session.execute(_FREE)
        session.execute(_AGAIN)
    app.backend.client.flushall()
    _analyze()
    return rate


def _analyze() -> None:
    with engine.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE crobot.jobs"))
        connection.execute(text("VACUUM ANALYZE crobot.attempts"))


@contextmanager
def servers() -> Iterator[Path]:
    """Run a database and a broker, in a folder that goes at the end."""
    with TemporaryDirectory(prefix="crobot-bench-") as folder:
        for name in ("database_url", "broker_url", "result_backend"):
            setattr(celeryconfig, f"crobot_{name}", "")
        celeryconfig.crobot_data_dir = folder
        embedded.servers(Path(folder))
        app.set_addresses()
        migrate.upgrade()
        try:
            yield Path(folder)
        finally:
            app.close()
            engine.engine().dispose()
            embedded.release()
