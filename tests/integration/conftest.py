"""Databases of their own for tests of the package db; the species senterica in the one that the cluster works on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import URL, make_url

import celeryconfig
from crobot_tasks import embedded
from crobot_tasks.broker import folders
from crobot_tasks.jobs import scheme_export
from db import engine, migrate, registry
from db.handle import dbhandle
from db.migrations.revision import scratch_database
from demo.data import SCHEME, DemoData, fetch
from workers import storage
from workers.assembling.qa import THRESHOLDS

SPECIES = "senterica"
GENERA = ("Escherichia", "Salmonella")


@pytest.fixture(scope="module")
def own_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A storage of its own: the jobs of another database have the same numbers, and so the same folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(celeryconfig, "crobot_storage", str(tmp_path_factory.mktemp("storage")))
        yield


@contextmanager
def _connected(url: URL) -> Iterator[str]:
    """Connect `db` to a database until the end; its URL."""
    text = url.render_as_string(hide_password=False)
    former = engine.configure(lambda: text)
    yield text
    dbhandle.remove()
    engine.engine().dispose()
    if former is not None:
        engine.configure(former)


@pytest.fixture(scope="module")
def database_url(servers: embedded.Servers, own_storage: None) -> Iterator[str]:
    """The URL of an empty database, to which `db` is connected until the module's tests are over."""
    with scratch_database(make_url(servers.database_url)) as empty, _connected(empty.url) as url:
        yield url


@pytest.fixture(scope="session")
def species_template(servers: embedded.Servers) -> Iterator[str]:
    """The name of a database with all tables and two species, which is migrated once; nobody connects to it."""
    with scratch_database(make_url(servers.database_url)) as made:
        with _connected(made.url):
            migrate.upgrade()
            registry.add_species("senterica", "Salmonella enterica", "Salmonella", "SAL", [], GENERA)
            registry.add_species("ecoli", "Escherichia coli", "Escherichia", "ESC", [], GENERA)
        yield str(made.url.database)


@pytest.fixture(scope="module")
def two_species(servers: embedded.Servers, own_storage: None, species_template: str) -> Iterator[str]:
    """The URL of a database with all tables, senterica (SAL) and ecoli (ESC), to which `db` is connected as above."""
    with (
        scratch_database(make_url(servers.database_url), species_template) as copy,
        _connected(copy.url) as url,
    ):
        yield url


@pytest.fixture(scope="session")
def demo_data(pytestconfig: pytest.Config) -> DemoData:
    return fetch(pytestconfig.cache.mkdir("demo-data"), small=True)


@pytest.fixture(scope="session")
def senterica(tables: None, demo_data: DemoData) -> str:
    """The species, with a reference genome and the scheme MLST_Achtman; the name of its database."""
    reference = storage.references_dir(folders.storage_root(), SPECIES) / "SL483.fasta"
    reference.parent.mkdir(parents=True)
    shutil.copy(demo_data.genome, reference)
    registry.add_species(SPECIES, "Salmonella enterica", "Salmonella", "SAL", [reference], THRESHOLDS)
    scheme_export.import_scheme(
        SPECIES, SCHEME, "MLST_Achtman", "MLST", demo_data.alleles, demo_data.profiles
    )
    return SPECIES
