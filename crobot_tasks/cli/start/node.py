"""`crobot node`: a calculation node; it has a broker and the shared storage, and no database."""

from __future__ import annotations

import os
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
import psutil

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.broker.queues import worker_hostname
from crobot_tasks.celery import app
from crobot_tasks.cli import broker, storage
from crobot_tasks.cli.output import say
from crobot_tasks.cli.start import foreground
from crobot_tasks.cli.values import SIZE
from crobot_tasks.logs import facts
from crobot_tasks.node.worker import node_worker
from crobot_tasks.operate.amounts import size
from crobot_tasks.operate.node_lacks import in_words
from workers.runner import offers

#: of the machine's memory, unless the operator says how much
MEMORY_SHARE = 0.8
#: a worker of the same name answers a ping within this time
PING_S = 1.0


@click.command()
@click.option(
    "--name", help="The node's name, used once in the whole system.  [default: this machine's name]"
)
@click.option("--cores", type=click.IntRange(1, 4096), help="Cores that jobs may use.  [default: all]")
@click.option(
    "--memory", type=SIZE, help="Memory that jobs may use, like 8G.  [default: 80 % of this machine's]"
)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    help="The node's own folder.  [default: in the data directory]",
)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    help="What the node is good for, like ssd or bigmem, as the policy names it; may be repeated.",
)
@click.option("--loglevel", default="INFO", show_default=True, help="DEBUG, INFO, WARNING or ERROR.")
def node(
    name: str | None,
    cores: int | None,
    memory: int | None,
    state_dir: Path | None,
    tags: tuple[str, ...],
    loglevel: str,
) -> None:
    """Run a calculation node: it offers the pipelines whose tools it finds here, and runs their jobs."""
    foreground.begin()
    name = name or re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())[:40]
    cores = cores or len(os.sched_getaffinity(0))
    memory = memory or int(psutil.virtual_memory().total * MEMORY_SHARE)
    facts.always(node=name)
    # said before anybody asks where results go: a node stores none, and must not look for a database to do it
    celeryconfig.crobot_result_backend = "disabled://"
    broker.await_ready()
    storage.await_ready()
    with ThreadPoolExecutor(1) as meanwhile:  # programs need a second, too, to say which versions they have
        meanwhile.submit(offers)
        _refuse_twin(name)
    foreground.announce(f"node {name}, {cores} cores, {size(memory)}")
    _warn_of_too_much(cores, memory)
    worker = node_worker(name, cores, memory, state_dir or _state_dir(name), loglevel, tags)
    _say_pipelines(name, worker.courier.description)
    foreground.work(worker)


def _state_dir(name: str) -> Path:
    return Path(celeryconfig.crobot_data_dir) / "nodes" / name


def _refuse_twin(name: str) -> None:
    """Two nodes of one name would take each other's jobs for lost.

    Raises:
        BadInput: a node of this name answers.
    """
    # On a connection of its own: one from the pool would go on waiting for answers in every process that the
    # worker forks, and a process that replaces a killed one would never come up.
    with app.connection_for_write() as connection:
        answers = app.control.ping([worker_hostname(name)], PING_S, connection=connection)
    if answers:
        raise BadInput(
            f"a node named {name!r} is running already: stop it first, or give this one another --name"
        )


def _warn_of_too_much(cores: int, memory: int) -> None:
    there = len(os.sched_getaffinity(0)), psutil.virtual_memory().total
    if cores > there[0]:
        say(f"warning: --cores {cores} on a machine with {there[0]}: jobs will share them")
    if memory > there[1]:
        say(
            f"warning: --memory {size(memory)} on a machine with {size(there[1])}: jobs may end out of memory"
        )


def _say_pipelines(node: str, described: dict[str, Any]) -> None:
    pipelines = [f"{name} {version}".strip() for name, version in described["pipelines"].items()]
    if pipelines:
        say(f"{node} offers {', '.join(pipelines)}")
    for sentence in in_words({node: (described["pipelines"], described["unavailable"])}):
        say(sentence)
