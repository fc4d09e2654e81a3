"""`crobot prune`: removes what is old, or says how much that is."""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, wide_option
from crobot_tasks.cli.steer.selection import jobs_in_words
from crobot_tasks.cli.tables import table
from crobot_tasks.maintenance.pruning import prune as pruning
from crobot_tasks.maintenance.pruning.prune import Pruned
from crobot_tasks.operate.amounts import size

_COLUMNS = (
    Column("Kind", importance=9),
    Column("Kept for"),
    Column("Number", Kind.NUMBER, importance=8),
    Column("Size", Kind.NUMBER, importance=7),
)


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say how much would go.")
@click.option(
    "--anew", is_flag=True, help="Look at the files of all jobs, also of those that were done before."
)
@wide_option
@json_option
def prune(dry_run: bool, anew: bool, as_json: bool) -> None:
    """Remove what is old: logs, files that gave no result, rows. Heads do it once a day, and the policy says how old it
    must be. Nothing that a result names is removed, nor what a live job reads. Jobs that ended long ago move to tables
    of their own, where they are found as before."""
    if dry_run and anew:
        raise click.UsageError("--dry-run changes nothing, so it goes without --anew")
    services.ready_database()
    found = pruning.prune(dry_run=dry_run, anew=anew)
    document = {"dry_run": dry_run, "kinds": [asdict(one) for one in found]}
    emit(as_json, document, lambda out: _show(out, found, dry_run))


def _show(out: Console, found: list[Pruned], dry_run: bool) -> None:
    out.print(table(_COLUMNS, [(one.kind, _age(one.days), one.number, size(one.bytes)) for one in found]))
    total = size(sum(one.bytes for one in found if one.kind not in pruning.MOVED))
    jobs = jobs_in_words(sum(one.number for one in found if one.kind in pruning.MOVED))
    out.print(f"{total} would be removed, {jobs} moved" if dry_run else f"{total} removed, {jobs} moved")


def _age(days: int | None) -> str:
    if days is None:
        return "for good"
    return "1 day" if days == 1 else f"{days:,} days"
