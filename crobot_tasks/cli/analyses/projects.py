"""`crobot project`: SNP projects, how they stand and what they found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import sending, services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, wide_option
from crobot_tasks.cli.tables import Matrix, facts, table
from crobot_tasks.cli.values import JOB
from crobot_tasks.jobs.snp import resume_project
from crobot_tasks.operate.projects import FILES, describe, summary
from db.engine import transaction
from db.system import projects
from workers.snp.shares import REASONS

#: above, the file is easier to read than a window
MOST_SHOWN = 15
_COLUMNS = {
    "id": Column("Id", Kind.ID),
    "state": Column("State", importance=9),
    "species": Column("Species", Kind.NAME, importance=3),
    "name": Column("Name", Kind.NAME, importance=8),
    "taxa": Column("Taxa", Kind.NUMBER, importance=5),
    "snps": Column("Snps", Kind.NUMBER, importance=6),
    "modified": Column("Modified", importance=7),
}
_STEP_COLUMNS = (Column("Step"), Column("Stands"), Column("Job", Kind.ID), Column("Its state"))
_COUNT_COLUMNS = (
    Column("Assembly"),
    Column("Strain", Kind.NAME),
    Column("SNPs", Kind.NUMBER),
    Column("Used", Kind.NUMBER),
    Column("The rest of the reference", Kind.TEXT, importance=3),
)
#: so many reasons for what is left out of the reference are told; the file has all
MOST_REASONS = 3
_FILE_COLUMNS = (Column("File"), Column("Path", Kind.PATH))


@click.command()
@click.argument("project_id", metavar="PROJECT", type=JOB)
@wide_option
@json_option
def show(project_id: int, as_json: bool) -> None:
    """Show a project: its steps with their jobs, SNP counts, distances, files."""
    services.ready_database()
    document = describe(project_id)
    emit(as_json, document, lambda out: _show(out, document))


@click.command("list")
@click.option("--species", help="Only those of this species.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@wide_option
@json_option
def list_(species: str | None, limit: int, as_json: bool) -> None:
    """List projects, the newest first."""
    services.ready_database()
    with transaction() as session:
        rows = [summary(row) for row in projects.listing(session, species, limit)]
    emit(as_json, rows, lambda out: _show_list(out, rows))


def _show_list(out: Console, rows: list[dict[str, Any]]) -> None:
    shown = [row | {"modified": datetime.fromisoformat(row["modified"])} for row in rows]
    out.print(table(_COLUMNS.values(), [[row[key] for key in _COLUMNS] for row in shown]))


@click.command()
@click.argument("project_id", metavar="PROJECT", type=JOB)
@wide_option
@json_option
def resume(project_id: int, as_json: bool) -> None:
    """Go on with a project from the step that failed."""
    sending.ready()
    resume_project(project_id)
    document = describe(project_id)
    emit(as_json, document, lambda out: _show(out, document))


def _way_out(found: dict[str, Any]) -> str:
    resume = f"`crobot project resume {found['id']}` when the cause is gone"
    named = [code for code in found["assemblies"] if code in found["error"]]
    return f"{resume}, or a project without {', '.join(named)}" if named else resume


def _show(out: Console, found: dict[str, Any]) -> None:
    sites, labels = found["core_sites"], found["labels"]
    out.print(
        facts(
            {
                "SNP project": f"{found['id']}  {found['name']}",
                "State": found["state"],
                "Why": found["error"],
                "Way out": _way_out(found) if found["error"] else "",
                "Species": found["species"],
                "Reference": f"{found['reference']}  {labels.get(found['reference'], '')}",
                "Genomes": f"{found['taxa']:,}, the reference included",
                "SNPs": _snps(found) if sites is not None else "",
                "Warnings": "\n".join(found["warnings"]),
                "Created": datetime.fromisoformat(found["created"]),
                "Modified": datetime.fromisoformat(found["modified"]),
            }
        )
    )
    out.print()
    lines = [[one["step"], one["tag"], one["job"], one["state"]] for one in found["steps"]]
    out.print(table(_STEP_COLUMNS, lines))
    if found["snp_count"]:
        out.print()
        counts = sorted(found["snp_count"].items(), key=lambda item: (item[1], item[0]))
        lines = [
            [barcode, labels.get(barcode, barcode), count, *_used(found["shares"].get(barcode))]
            for barcode, count in counts[:50]
        ]
        out.print(table(_COUNT_COLUMNS, lines))
    distances = found["distances"]
    if distances and len(distances) <= MOST_SHOWN + 1:
        out.print()
        out.print(_distance_matrix(distances, labels))
    if found["files"]:
        out.print()
        out.print(table(_FILE_COLUMNS, [[FILES[key], path] for key, path in found["files"].items()]))


def _snps(found: dict[str, Any]) -> str:
    share = "" if found["core_share"] is None else f", {100 * found['core_share']:.1f} % of the reference"
    return f"{found['snps']:,} in {found['core_sites']:,} core sites{share}"


def _used(share: dict[str, Any] | None) -> tuple[str, str]:
    """Return which part of the reference an assembly decides, and why it does not decide most of the rest."""
    if share is None:
        return "", ""
    size = share["used_bases"] + sum(share["left_out"].values())
    largest = sorted(share["left_out"].items(), key=lambda item: -item[1])[:MOST_REASONS]
    reasons = [f"{100 * bases / size:.1f} % {REASONS.get(name, name)}" for name, bases in largest]
    return f"{100 * share['used_share']:.1f} %", ", ".join(reasons)


def _distance_matrix(distances: list[list[str]], labels: dict[str, str]) -> Matrix:
    """Columns are headed by the numbers of the rows: a dozen names would fit nowhere."""
    names = [labels.get(barcode, barcode) for barcode in distances[0][1:]]
    columns = [Column(str(number), Kind.NUMBER) for number, _ in enumerate(names, 1)]
    rows = [
        [f"{number}: {name}", *map(_counted, line[1:])]
        for number, (name, line) in enumerate(zip(names, distances[1:], strict=True), 1)
    ]
    return Matrix([Column("Distance", Kind.NAME), *columns], rows)


def _counted(text: str) -> int | str:
    return int(text) if text.isdecimal() else text
