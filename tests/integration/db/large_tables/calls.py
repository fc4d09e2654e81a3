"""Each function of `db` that takes a session, called with values that are representative of tables filled by `fill`."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from sqlalchemy import TextClause
from sqlalchemy.orm import Session

from db.prepared import Prepared
from tests.integration.db.large_tables.access_calls import of_access, of_live, of_pages, of_server
from tests.integration.db.large_tables.batch_calls import of_batches
from tests.integration.db.large_tables.cluster_calls import of_nodes, of_operators, of_system
from tests.integration.db.large_tables.job_calls import of_jobs
from tests.integration.db.large_tables.maintenance_calls import of_maintenance
from tests.integration.db.large_tables.pruning_calls import of_pruning
from tests.integration.db.large_tables.species_calls import of_numbers, of_species
from tests.integration.db.large_tables.upload_calls import of_uploads
from tests.integration.db.large_tables.webhook_calls import of_webhooks

ROOMS = ("db.crobot", "db.system", "db.species", "db.nomenclature")

Call = Callable[[Session], Any]


def functions() -> set[str]:
    """The names of all functions that take a session, or return a query."""
    return {
        f"{module.__name__}.{name}"
        for module in _modules()
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and _asks(name, value)
    }


def statements() -> dict[str, str]:
    """The names of all statements that a module keeps, with their texts."""
    return _kept(TextClause) | prepared()


def prepared() -> dict[str, str]:
    """The names of those that are prepared, with their texts."""
    return _kept(Prepared)


def _kept(kind: type[TextClause | Prepared]) -> dict[str, str]:
    return {
        f"{module.__name__}.{name}": value.text
        for module in _modules()
        for name, value in vars(module).items()
        if isinstance(value, kind)
    }


def _modules() -> Iterator[ModuleType]:
    for room in ROOMS:
        for found in pkgutil.walk_packages(import_module(room).__path__, f"{room}."):
            yield import_module(found.name)


def _asks(name: str, function: Any) -> bool:
    signature = inspect.signature(function)
    takes_session = next(iter(signature.parameters), "") == "session"
    return not name.startswith("_") and (takes_session or "Select[" in str(signature.return_annotation))


def calls(size: int) -> dict[str, Call]:
    """The function's name, and after a space what is asked of it → the call, for tables of so many jobs."""
    return (
        of_jobs(size)
        | of_nodes(size)
        | of_operators(size)
        | of_system(size)
        | of_species(size)
        | of_numbers()
        | of_access()
        | of_server()
        | of_live(size)
        | of_pages()
        | of_batches(size)
        | of_maintenance(size)
        | of_webhooks(size)
        | of_uploads()
        | of_pruning(size)
    )
