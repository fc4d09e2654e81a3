"""`crobot update-assemblies`, `update-scheme`, `update-all-schemes`, `daily-update`: what they send, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import sending
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, say, wide_option
from crobot_tasks.cli.tables import Table, table
from crobot_tasks.maintenance import daily, updating
from crobot_tasks.maintenance.updating import Update
from crobot_tasks.maintenance.warnings import warnings

_COLUMNS = (Column("Barcode"), Column("Why", Kind.TEXT))
_REASONS = (Column("Items", Kind.NUMBER), Column("Why", Kind.TEXT))
_dry_run = click.option("--dry-run", is_flag=True, help="Only list what would be sent, and why.")


@click.command()
@click.argument("species")
@_dry_run
@wide_option
@json_option
def update_assemblies(species: str, dry_run: bool, as_json: bool) -> None:
    """Assemble strains without an assembly. They need paired-end reads of Illumina. The policy says how often a failure
    is tried again, and whether assemblies of an older version are made anew."""
    sending.ready()
    _tell([updating.update_assemblies(species, dry_run=dry_run)], dry_run, as_json)


@click.command()
@click.argument("species")
@click.argument("scheme")
@_dry_run
@wide_option
@json_option
def update_scheme(species: str, scheme: str, dry_run: bool, as_json: bool) -> None:
    """Call a scheme where results are missing or outdated. The policy says how often a failure is tried again."""
    sending.ready()
    _tell([updating.update_scheme(species, scheme, dry_run=dry_run)], dry_run, as_json)


@click.command()
@click.argument("species")
@_dry_run
@wide_option
@json_option
def update_all_schemes(species: str, dry_run: bool, as_json: bool) -> None:
    """Call all schemes where results are missing or outdated: each that is called on new assemblies."""
    sending.ready()
    _tell(updating.update_all_schemes(species, dry_run=dry_run), dry_run, as_json)


@click.command()
@click.argument("species", nargs=-1)
@_dry_run
@wide_option
@json_option
def daily_update(species: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Bring species up to date, as heads do once a day. Without names it is all of which the policy says so: their
    assemblies, then their schemes."""
    sending.ready()
    _tell(daily.daily_update(species, dry_run=dry_run), dry_run, as_json)


def _tell(updates: Sequence[Update], dry_run: bool, as_json: bool) -> None:
    told = warnings({one.database for one in updates})
    described = [_described(one, dry_run) for one in updates]
    found = {"dry_run": dry_run, "updates": described, "warnings": told}
    emit(as_json, found, lambda out: _show(out, updates, dry_run))
    for text in () if as_json else told:
        say(f"warning: {text}")
    click.get_current_context().exit(1 if any(one.error for one in updates) else 0)


def _described(update: Update, dry_run: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "species": update.database,
        "scheme": update.scheme,
        "batch": update.batch.name if update.batch else None,
        "items": len(update.chosen),
        "reasons": Counter(update.chosen.values()),
        "left": update.left,
        "full": update.full,
        "error": update.error or None,
    }
    if dry_run:
        described["sent"] = [{"barcode": key, "why": why} for key, why in update.chosen.items()]
    return described


def _show(out: Console, updates: Sequence[Update], dry_run: bool) -> None:
    if not updates:
        out.print(
            "nothing is to be updated: no scheme is called on new assemblies, or the policy leaves all out"
        )
    for number, update in enumerate(updates):
        if number:
            out.print()
        out.print(f"{update.what}: {_outcome(update, dry_run)}")
        if dry_run and update.chosen:
            out.print(table(_COLUMNS, list(update.chosen.items())))
        elif update.chosen:
            out.print(_counted(Counter(update.chosen.values())))
        _show_rest(out, update)


def _show_rest(out: Console, update: Update) -> None:
    if update.left:
        out.print("left alone:")
        out.print(_counted(update.left))
    if update.full:
        out.print("there is more: the policy allows no more in one run (`most` in [maintenance])")
    if update.batch:
        out.print(f"`crobot batch watch {update.batch.name}` shows how it goes on")


def _outcome(update: Update, dry_run: bool) -> str:
    if update.error:
        return f"not updated: {update.error}"
    if not update.chosen:
        return "nothing to do"
    items = f"{len(update.chosen):,} item" + ("" if len(update.chosen) == 1 else "s")
    return f"{items} would be sent" if dry_run or not update.batch else f"batch {update.batch.name}, {items}"


def _counted(reasons: Counter[str]) -> Table:
    return table(_REASONS, [(times, why) for why, times in reasons.most_common()])
