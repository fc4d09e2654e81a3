"""Real genomes of which the truth is known, and the tools that only these tests need."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from demo.data import DemoData, fetch, fetch_genome
from workers import environments

#: genomes of four species, complete and as contigs, in a Debian package that is only downloaded
PACKAGE, MEMBERS = "ragout-examples", "usr/share/doc/ragout/examples"
CONTIGS_SHA256 = "c8263c263924bb8f2aee0193f97cb2f5edfccc8f57d66938803b49584e1e0bcc"


@pytest.fixture(scope="session")
def serotyping() -> None:
    """The environment with SISTR and ECTyper's alleles."""
    environments.install("serotyping")


@pytest.fixture(scope="session")
def grapetree() -> None:
    """The environment with GrapeTree."""
    environments.install("grapetree")


@pytest.fixture(scope="session")
def demo_data(pytestconfig: pytest.Config) -> DemoData:
    """Reads, and the scheme of seven loci."""
    return fetch(pytestconfig.cache.mkdir("demo-data"), small=True)


@pytest.fixture(scope="session")
def agona(pytestconfig: pytest.Config) -> Path:
    """Salmonella enterica serovar Agona SL483, complete."""
    return fetch_genome(pytestconfig.cache.mkdir("demo-data"))


@pytest.fixture(scope="session")
def mg1655(pytestconfig: pytest.Config) -> Path:
    """Escherichia coli K-12 MG1655 (O16:H48) in 156 contigs."""
    path = _example(pytestconfig, "E.Coli/mg1655_contigs.fasta")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == CONTIGS_SHA256
    return path


@pytest.fixture(scope="session")
def usa300(pytestconfig: pytest.Config) -> Path:
    """Staphylococcus aureus USA300, as contigs."""
    return _example(pytestconfig, "S.Aureus/usa300_contigs.fasta")


@pytest.fixture(scope="session")
def example(pytestconfig: pytest.Config) -> Callable[[str], Path]:
    """A genome of four species by its name in the package, such as S.Aureus/references/N315.fasta."""
    return partial(_example, pytestconfig)


def _example(pytestconfig: pytest.Config, name: str) -> Path:
    """A genome out of the package, which is only downloaded."""
    folder = pytestconfig.cache.mkdir("truth-data")
    path = folder / Path(name).name
    if not path.exists():
        subprocess.run(["apt-get", "download", "-q", PACKAGE], cwd=folder, check=True)
        (package,) = folder.glob(f"{PACKAGE}_*.deb")
        subprocess.run(["dpkg", "--extract", package, folder / PACKAGE], check=True)
        path.write_bytes(gzip.decompress((folder / PACKAGE / MEMBERS / f"{name}.gz").read_bytes()))
    return path
