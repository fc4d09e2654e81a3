"""`crobot analysis`: the analyses of users, and what they found."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import sending, services
from crobot_tasks.cli.analyses.results import show_analysis
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, wide_option
from crobot_tasks.cli.tables import table
from crobot_tasks.jobs.analysis import analysis_types
from crobot_tasks.operate.analyses import described
from db.engine import transaction
from db.system import preferences

_ID = click.IntRange(1, 2**31 - 1)
#: of lists in `crobot analysis list`, only the state is worth telling
_LISTED = ("id", "type", "name", "species", "user", "state", "job", "error", "created", "modified")
_COLUMNS = {
    "id": Column("Analysis", Kind.ID),
    "type": Column("Type", importance=8),
    "name": Column("Name", Kind.NAME, importance=7),
    "species": Column("Species", Kind.NAME, importance=4),
    "user": Column("User", Kind.ID, importance=3),
    "state": Column("State", importance=9),
    "job": Column("Job", Kind.ID, importance=6),
    "error": Column("Error", Kind.TEXT),
}


@click.command("list")
@click.option("--species", "database", help="Only those of this species.")
@click.option(
    "--user", "user_id", type=click.IntRange(0, 2**31 - 1), help="Only those of this user's number."
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@wide_option
@json_option
def list_(database: str | None, user_id: int | None, limit: int, as_json: bool) -> None:
    """List the latest analyses, the newest first."""
    sending.ready()
    with transaction() as session:
        found = preferences.list_analyses(
            session, analysis_types(), user_id=user_id, database=database, limit=limit
        )
        documents = [
            {name: value for name, value in described(row).items() if name in _LISTED} for row in found
        ]
    emit(as_json, documents, lambda out: _show_list(out, documents))


@click.command()
@click.argument("analysis_id", metavar="ID", type=_ID)
@wide_option
@json_option
def show(analysis_id: int, as_json: bool) -> None:
    """Show an analysis: its state, its job, and what it found."""
    services.ready_database()
    with transaction() as session:
        document = described(preferences.find_analysis(session, analysis_id))
    emit(as_json, document, lambda out: show_analysis(out, document))


def _show_list(out: Console, found: list[dict[str, Any]]) -> None:
    out.print(table(_COLUMNS.values(), [[one[key] for key in _COLUMNS] for one in found]))
