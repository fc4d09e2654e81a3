"""One installation for all faults, with a lease so long that nothing is rescued by accident on a slow machine."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import installation
from tests.processes import Cluster, Process

NODES = ("calc01", "calc02")


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Head, beat, two nodes and a plain worker on servers of their own; tests put back what they break."""
    with installation(tmp_path_factory.mktemp("faults"), NODES, CROBOT_LEASE_S="60") as cluster:
        yield cluster


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
    """Whatever a test breaks, it puts back."""
    yield
    site.ready()


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """A file in which jobs say that they began."""
    return tmp_path / "began"


@pytest.fixture
def nap_s() -> float:
    """A sleep so long that only a fault ends it, and by whose number its process is found."""
    return 300 + random.randrange(1, 10**6) / 10**6
