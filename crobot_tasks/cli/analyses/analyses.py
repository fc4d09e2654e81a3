"""`crobot analysis`: the analyses of users, and what they found."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.analyses.results import show_analysis
from crobot_tasks.cli.output import emit, json_option, table
from crobot_tasks.jobs.analysis import analysis_types
from db.engine import transaction
from db.system import UserPreference, preferences

_ID = click.IntRange(1, 2**31 - 1)
#: of lists in `crobot analysis list`, only the state is worth telling
_LISTED = ("id", "type", "name", "species", "user", "state", "job", "error", "created", "modified")


@click.group()
def analysis() -> None:
    """See analyses: locus searches, trees."""


@analysis.command("list")
@click.option("--species", "database", help="Only those of this species.")
@click.option(
    "--user", "user_id", type=click.IntRange(0, 2**31 - 1), help="Only those of this user's number."
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
def list_(database: str | None, user_id: int | None, limit: int, as_json: bool) -> None:
    """List the latest analyses, the newest first."""
    services.ready()
    with transaction() as session:
        found = preferences.list_analyses(
            session, analysis_types(), user_id=user_id, database=database, limit=limit
        )
        documents = [
            {name: value for name, value in _document(row).items() if name in _LISTED} for row in found
        ]
    emit(as_json, documents, lambda out: _show_list(out, documents))


@analysis.command()
@click.argument("analysis_id", metavar="ID", type=_ID)
@json_option
def show(analysis_id: int, as_json: bool) -> None:
    """Show an analysis: its state, its job, and what it found."""
    services.ready_database()
    with transaction() as session:
        document = _document(preferences.find_analysis(session, analysis_id))
    emit(as_json, document, lambda out: show_analysis(out, document))


def _document(row: UserPreference) -> dict[str, Any]:
    data = row.data
    return {
        "id": row.id,
        "type": row.type,
        "name": row.name,
        "species": row.database,
        "user": row.user_id,
        "state": "complete" if "complete" in data else "failed" if "failed" in data else "queued",
        "job": data.get("job_id"),
        "error": data.get("error"),
        "created": data.get("date_created"),
        "modified": data.get("date_modified"),
        "data": data,
    }


def _show_list(out: Console, found: list[dict[str, Any]]) -> None:
    columns = ("Analysis", "Type", "Name", "Species", "User", "State", "Job", "Error")
    keys = ("id", "type", "name", "species", "user", "state", "job", "error")
    out.print(
        table(columns, [[one[key] for key in keys] for one in found], right=("Analysis", "User", "Job"))
    )
