"""Real genomes of which the truth is known, and the tools that only these tests need."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from demo.data import DemoData, fetch, fetch_genome
from tests.running import RUNS
from tests.truth.table import Truth, pipelines
from workers import environments

#: genomes of four species, complete and as contigs, in a Debian package that is only downloaded
PACKAGE, MEMBERS = "ragout-examples", "usr/share/doc/ragout/examples"
CONTIGS_SHA256 = "c8263c263924bb8f2aee0193f97cb2f5edfccc8f57d66938803b49584e1e0bcc"


_TRUTH = Truth()


@pytest.fixture(scope="session")
def truth() -> Truth:
    """Takes each comparison into the table that is printed at the end."""
    return _TRUTH


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed is in the table, whether it came to its comparison or not."""
    report = yield
    told = any(not row.agrees for row in _TRUTH.rows[item.stash.get(_BEFORE, 0) :])
    if report.failed and not told:
        _TRUTH.failed(item.name.removeprefix("test_").replace("_", " "))
    return report


_BEFORE = pytest.StashKey[int]()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember how long the table was."""
    item.stash[_BEFORE] = len(_TRUTH.rows)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table, and what the pipelines took."""
    if _TRUTH.rows:
        terminalreporter.section("truth")
        terminalreporter.write_line("\n".join([*_TRUTH.lines(), "", *pipelines(RUNS)]))


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
