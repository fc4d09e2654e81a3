"""Databases of their own for tests of the package db."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

import celeryconfig
from crobot_tasks import embedded
from db import engine, migrate, registry
from db.handle import dbhandle
from db.migrations.revision import scratch_database

GENERA = ("Escherichia", "Salmonella")


@pytest.fixture(scope="module")
def own_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A storage of its own: the jobs of another database have the same numbers, and so the same folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(celeryconfig, "crobot_storage", str(tmp_path_factory.mktemp("storage")))
        yield


@pytest.fixture(scope="module")
def database_url(servers: embedded.Servers, own_storage: None) -> Iterator[str]:
    """The URL of an empty database, to which `db` is connected until the module's tests are over."""
    with scratch_database(make_url(servers.database_url)) as empty:
        url = empty.url.render_as_string(hide_password=False)
        former = engine.configure(lambda: url)
        yield url
        dbhandle.remove()
        engine.engine().dispose()
        if former is not None:
            engine.configure(former)


@pytest.fixture(scope="module")
def two_species(database_url: str) -> None:
    """A database with all tables and the species senterica (SAL) and ecoli (ESC)."""
    migrate.upgrade()
    registry.add_species("senterica", "Salmonella enterica", "Salmonella", "SAL", [], GENERA)
    registry.add_species("ecoli", "Escherichia coli", "Escherichia", "ESC", [], GENERA)
