"""`crobot db`: the tables, brought up to date or checked."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.output import emit, json_option
from crobot_tasks.cli.tables import table
from db import migrate, revisions


@click.command()
@json_option
def upgrade(as_json: bool) -> None:
    """Bring all tables to the form that this program needs; run it before the new heads start."""
    migrate.upgrade()
    _report(as_json)


@click.command()
@json_option
def check(as_json: bool) -> None:
    """Say whether the database answers and its tables are current; the exit code says so too."""
    revisions.check()
    _report(as_json)


def _report(as_json: bool) -> None:
    schemas = {name: found for name, (found, _) in revisions.current().items()}
    document = {"database": services.database_address(), "current": True, "schemas": schemas}
    emit(as_json, document, lambda out: _show(out, document))


def _show(out: Console, found: dict[str, Any]) -> None:
    out.print(f"the tables in {found['database']} are current")
    out.print(table(("Schema", "Revision"), found["schemas"].items()))
