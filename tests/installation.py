"""An installation of its own for tests that break things: servers, tables and a cluster that no other test knows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import celeryconfig
from crobot_tasks import embedded
from crobot_tasks.addresses import database_url
from crobot_tasks.celery import app, results_url
from db import engine, migrate
from db.handle import dbhandle
from tests.processes import Cluster

#: tests' own modules with tasks, which every process of a cluster imports
TASKS = "tests.body_tasks,tests.callback_tasks,tests.canvas_tasks,tests.fault_tasks,tests.node_tasks"


@contextmanager
def installation(
    data_dir: Path, nodes: tuple[str, ...], broker_url: str = "", **environment: str
) -> Iterator[Cluster]:
    """Start servers below ``data_dir`` and a cluster on them; until the end, this process works with them too."""
    with working_on(data_dir, broker_url):
        migrate.upgrade()
        shutil.copy(os.environ["CROBOT_POLICY"], data_dir / "policy.toml")
        settings = {
            "CROBOT_DATA_DIR": str(data_dir),
            "CROBOT_POLICY": str(data_dir / "policy.toml"),
            "CROBOT_BROKER_URL": broker_url,
            "CROBOT_IMPORTS": TASKS,
        }
        try:
            with Cluster(data_dir / "cluster", nodes, **settings | environment) as cluster:
                yield cluster
        finally:
            dbhandle.remove()
            engine.engine().dispose()
    embedded.stop(data_dir, force=True)


@contextmanager
def working_on(data_dir: Path, broker_url: str = "") -> Iterator[None]:
    """Point this process's app and database at other servers for a while."""
    servers = embedded.servers(data_dir)
    backend = results_url(f"db+{servers.database_url}" if broker_url else servers.broker_url)
    places = {"broker_url": broker_url or servers.broker_url, "result_backend": backend}
    folders = {
        "crobot_data_dir": str(data_dir),
        "crobot_storage": str(data_dir / "storage"),
        "crobot_policy": str(data_dir / "policy.toml"),
    }
    former = {name: app.conf.get(name) for name in places}
    former_folders = {name: getattr(celeryconfig, name) for name in folders}
    former_source = engine.configure(lambda: servers.database_url)
    vars(celeryconfig).update(folders)
    _connect_to(places)
    try:
        yield
    finally:
        engine.configure(former_source or database_url)
        vars(celeryconfig).update(former_folders)
        _connect_to(former)


def forget_results() -> None:
    """Let go of results that nobody waits for any more: when collected, each would look for its broker for 20 s."""
    if consumer := getattr(app.backend, "result_consumer", None):
        consumer.subscribed_to.clear()


def leave_results() -> None:
    """Let go of this thread's result store at its end: Celery has one for each thread, and closes none."""
    forget_results()
    app.backend.result_consumer.stop()
    app.backend.client.close()


def _connect_to(places: dict[str, Any]) -> None:
    forget_results()
    app.conf.update(places)
    # what Celery keeps of the former places
    app._pool = app._backend_cache = None
    app.amqp._producer_pool = None
    vars(app._local).pop("backend", None)
