"""`crobot assembly`: the genomes of a species, and new ones that were assembled elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

import celeryconfig
from crobot_tasks.cli import sending, services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, wide_option
from crobot_tasks.cli.send import options
from crobot_tasks.cli.tables import table
from crobot_tasks.intake import genomes
from crobot_tasks.jobs import RejudgeJob
from crobot_tasks.maintenance import species_overview
from db.engine import retrying, transaction
from db.species.assemblies import find_assembly

_COLUMNS = (
    Column("Assembly"),
    Column("Strain", Kind.NAME, importance=8),
    Column("Status", importance=9),
    Column("Bases", Kind.NUMBER, importance=6),
    Column("Contigs", Kind.NUMBER, importance=5),
    Column("N50", Kind.NUMBER, importance=7),
    Column("Schemes", Kind.LIST),
    Column("Note", Kind.TEXT),
)


@click.command()
@click.argument("species")
@click.argument("fasta", type=click.Path(path_type=Path))
@click.option("--strain", required=True, help="Name of the isolate.")
@click.option(
    "--rename", is_flag=True, help="Give contigs that share a name, or have none, names of their own."
)
@click.option(
    "--circular",
    metavar="CONTIG",
    multiple=True,
    help="A contig whose end is its begin, besides those of which the header says circular=true or topology=circular; "
    "all for every one. May be given several times.",
)
@options.request
@json_option
def add(
    species: str,
    fasta: Path,
    strain: str,
    rename: bool,
    circular: tuple[str, ...],
    as_json: bool,
    **request: Any,
) -> None:
    """Add a genome that was assembled elsewhere (FASTA, plain or gzipped), without reads.

    It is copied, judged like any other, and typed by the schemes of the species if it passes.
    """
    sending.ready()
    added = genomes.add_assembly(
        species, strain, fasta.absolute(), rename=rename, circular=circular, **request
    )
    document = {**vars(added), "path": str(added.path), "species": species, "strain": strain}
    emit(as_json, document, lambda out: out.print(_told(document)))


def _told(added: dict[str, Any]) -> str:
    if added["existed"]:
        return (
            f"{added['barcode']}: the strain has this genome already; nothing new was added ({added['path']})"
        )
    return f"{added['barcode']} is added ({added['path']}); job {added['job_id']} judges it"


@click.command("list")
@click.argument("species")
@click.option("--strain", default="", help="Only those of strains of this name.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True)
@wide_option
@json_option
def list_(species: str, strain: str, limit: int, as_json: bool) -> None:
    """List the newest assemblies of a species, and how the schemes stand for them."""
    services.ready_database()
    rows = species_overview.assemblies(species, limit, strain)[::-1]
    found = [{name: value for name, value in row.items() if name != "id"} for row in rows]
    emit(as_json, found, lambda out: _show(out, found))


def _show(out: Console, found: list[dict[str, Any]]) -> None:
    if not found:
        out.print("no assemblies yet; `crobot send reads` makes them, `crobot assembly add` adds them")
        return
    keys = ("barcode", "strain", "status", "bases", "contigs", "n50")
    lines = [[*(one[key] for key in keys), _schemes(one["schemes"]), one["outdated"]] for one in found]
    out.print(table(_COLUMNS, lines))


def _schemes(standings: dict[str, str]) -> list[str]:
    """Return the schemes; what is not COMPLETE, or is outdated, says so."""
    return [
        name if stands == "COMPLETE" else f"{name} {stands}" for name, stands in sorted(standings.items())
    ]


@click.command()
@click.argument("species")
@click.argument("barcodes", metavar="BARCODE…", nargs=-1, required=True)
@options.user
@json_option
def rejudge(species: str, barcodes: tuple[str, ...], user_id: int, as_json: bool) -> None:
    """Judge assemblies by the limits as they are now, from what was measured; those that pass now are typed.

    It is done at once; with USE_CELERY by a worker of the head, in its time.
    """
    sending.ready()

    def judge() -> None:
        # all or none: one that cannot be judged undoes the others
        with transaction(species):
            for barcode in barcodes:
                RejudgeJob(database=species, assembly_barcode=barcode, user_id=user_id).send_job()

    retrying(judge)
    later = celeryconfig.crobot_use_celery
    with transaction(species) as session:
        found = [
            {"assembly": barcode, "status": None if later else find_assembly(session, barcode).status}
            for barcode in barcodes
        ]
    emit(as_json, found, lambda out: _show_verdicts(out, found))


def _show_verdicts(out: Console, found: list[dict[str, Any]]) -> None:
    for one in found:
        out.print(f"{one['assembly']}: {one['status'] or 'is judged by a worker of the head'}")
