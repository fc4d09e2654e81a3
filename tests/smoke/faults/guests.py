"""Nodes that join the site for one scenario, in surroundings of their own: a tiny disk, a clock that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from db.crobot import leases
from db.engine import transaction
from tests.faulty import Site
from tests.processes import Process, value, wait_for

DISK_MB = 48
WRONG_CLOCK = Path(__file__).parents[2] / "wrong_clock"
_HEARD = "SELECT count(*) FROM crobot.nodes WHERE name = :name"
_numbers = count(1)


@contextmanager
def guest(
    site: Site, before: Callable[[Path], list[str]] = lambda _: [], **environment: str
) -> Iterator[Process]:
    """A new node whose command is preceded by the words that ``before`` gives for its folder."""
    cluster, name = site.cluster, f"guest{next(_numbers)}"
    command = [*before(cluster.folder / "nodes" / name), *cluster.node_command(name)]
    node = cluster.nodes[name] = Process(name, command, cluster.folder, **cluster.environment | environment)
    try:
        wait_for(f"{name} to report, see {node.log}", lambda: value(_HEARD, name=name))
        yield node
    finally:
        del cluster.nodes[name]
        node.stop()


@contextmanager
def others_drained(site: Site, name: str) -> Iterator[None]:
    """Only this node gets jobs."""
    others = [other for other in site.cluster.nodes if other != name]
    with transaction() as session:
        for other in others:
            leases.drain(session, other, "a test")
    try:
        yield
    finally:
        with transaction() as session:
            for other in others:
                leases.resume(session, other)


def with_tiny_disk(folder: Path) -> list[str]:
    """Words before a command that runs it with a small file system of its own at ``folder``; needs no root."""
    folder.mkdir(parents=True, exist_ok=True)
    script = f'mount -t tmpfs -o size={DISK_MB}m none "{folder}" && exec "$@"'
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]


def clock_of(file: Path) -> dict[str, str]:
    """Environment of a node whose clock is off by the seconds in ``file``, which may change at any time."""
    return {"PYTHONPATH": str(WRONG_CLOCK), "CROBOT_TEST_CLOCK": str(file)}


def restart(process: Process, environment: dict[str, str]) -> None:
    """Start a head, beat or a node again, and wait until it is at work: until then its former life would be judged."""
    process.stop()
    process.environment = environment
    at_work = "beat: " if process.name == "beat" else "ready."
    before = process.text().count(at_work)
    process.start()
    wait_for(f"{process.name} to be at work", lambda: process.text().count(at_work) > before)
