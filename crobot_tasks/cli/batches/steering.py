"""`crobot batch pause`, `resume`, `cancel`, `priority`: a whole batch, its items to come included."""

from __future__ import annotations

import click

from crobot_tasks.batches.overview import Overview, overview
from crobot_tasks.cli.batches.options import DRY_RUN, YES, find
from crobot_tasks.cli.output import emit, json_option
from crobot_tasks.cli.steer.changes import Ask


@click.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why, for those who wonder.")
@json_option
def pause(name: str, reason: str, as_json: bool) -> None:
    """Send nothing more of a batch, and hold what waits; what runs goes on."""
    find(name).pause(reason)
    _tell(name, as_json, "is paused")


@click.command()
@click.argument("name")
@json_option
def resume(name: str, as_json: bool) -> None:
    """Go on with a batch that is paused; the failures until now do not pause it again."""
    find(name).resume()
    _tell(name, as_json, "goes on")


@click.command()
@click.argument("number", metavar="PRIORITY", type=click.IntRange(0, 9))
@click.argument("name")
@json_option
def priority(number: int, name: str, as_json: bool) -> None:
    """Give a batch another priority, from 0 (the most urgent) to 9, also its jobs that wait."""
    find(name).prioritise(number)
    _tell(name, as_json, f"has priority {number}")


@click.command()
@click.argument("name")
@DRY_RUN
@YES
@json_option
def cancel(name: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Cancel a batch and its live jobs, for good: nothing more of it is sent."""
    batch = find(name)
    now = batch.standing()
    if Ask(yes=yes, dry_run=dry_run, as_json=as_json).may("cancel", now.unsent + now.live):
        batch.cancel()
        _tell(name, as_json, "is cancelled")
    else:
        _tell(name, as_json, "would be cancelled")


def _tell(name: str, as_json: bool, what: str) -> None:
    found = overview(name)
    emit(as_json, found, lambda out: out.print(f"batch {name} {what}: {_rest(found)}"))


def _rest(found: Overview) -> str:
    items = found["items"]
    return (
        f"{items['over']:,} of {items['size']:,} items are over, {items['running']:,} run, "
        f"{items['queued']:,} wait, {items['unsent']:,} are not sent yet"
    )
