"""One installation for all faults, with a lease so long that nothing is rescued by accident on a slow machine."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import faulty
from tests.faulty import Site
from tests.processes import Cluster, Process
from tests.smoke.faults import species
from tests.smoke.faults.mix import Mix
from tests.smoke.faults.scene import Scene
from tests.smoke.faults.stage import Stage

NODES = ("calc01", "calc02")


@pytest.fixture(scope="package")
def whole_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Head, beat, two nodes and a plain worker behind proxies, on servers of their own."""
    folder = tmp_path_factory.mktemp("faults")
    # batches are tended as often as everywhere: over a slow line, a head reads eight messages a second
    with faulty.site(folder, NODES, CROBOT_LEASE_S="60", CROBOT_BATCHES_S="2") as site:
        species.add(folder)
        yield site


@pytest.fixture(scope="package")
def site(whole_site: Site) -> Cluster:
    """The cluster itself; tests put back what they break."""
    return whole_site.cluster


@pytest.fixture
def scene(whole_site: Site, note: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """One scenario; whatever it held is let go. Only those that take their time assemble reads."""
    full = request.node.get_closest_marker("full") is not None
    scene = Scene(whole_site, Mix(note, nap_s=1 + random.randrange(1, 10**6) / 10**6, assembles=full))
    yield scene
    scene.let_go()
    whole_site.broker.proxy.heal()
    whole_site.database.proxy.heal()


@pytest.fixture
def stage(whole_site: Site, note: Path) -> Iterator[Stage]:
    """One scenario; whatever it held is let go."""
    stage = Stage(whole_site, Mix(note, nap_s=1 + random.randrange(1, 10**6) / 10**6))
    yield stage
    stage.let_go()
    whole_site.broker.proxy.heal()


@pytest.fixture
def head(site: Cluster) -> Process:
    return site.heads[0]


@pytest.fixture
def impatient(site: Cluster, head: Process) -> Iterator[None]:
    """The head takes the jobs of a node that is silent for 3 seconds."""
    patient = head.environment
    head.stop()
    head.environment = patient | {"CROBOT_LEASE_S": "3"}
    head.start()
    yield
    head.stop()
    head.environment = patient
    head.start()


@pytest.fixture(autouse=True)
def whole(site: Cluster) -> Iterator[None]:
    """Whatever a test breaks, it puts back; one that failed half-way leaves no process that is away to the others."""
    yield
    for process in site.processes:
        if not process.runs():
            process.start()
    site.ready()


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """A file in which jobs say that they began."""
    return tmp_path / "began"


@pytest.fixture
def nap_s() -> float:
    """A sleep so long that only a fault ends it, and by whose number its process is found."""
    return 300 + random.randrange(1, 10**6) / 10**6
