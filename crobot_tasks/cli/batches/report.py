"""`crobot batch report`: every item of a batch, accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from crobot_errors import BadInput
from crobot_tasks.batches import account, plot, report_table
from crobot_tasks.batches.overview import LABEL, Overview, overview
from crobot_tasks.cli import services
from crobot_tasks.cli.batches import words
from crobot_tasks.cli.batches.overviews import show_one
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, say, wide_option
from crobot_tasks.cli.pictures import check_picture
from crobot_tasks.cli.table_file import opened
from crobot_tasks.cli.tables import table
from crobot_tasks.operate.amounts import duration
from db.crobot import batches, clock
from db.engine import transaction

_FAILED = (
    Column("Failed", Kind.NUMBER, importance=9),
    Column("Kind", importance=8),
    Column("Why", Kind.TEXT, importance=7),
    Column("Jobs", Kind.LIST, importance=4),
)
_LEFT_OUT = (
    Column("Left out", Kind.NUMBER, importance=9),
    Column("Why", Kind.TEXT, importance=7),
    Column("Which", Kind.LIST, importance=4),
)
_SLOWEST = (
    Column("Slowest", Kind.ID, importance=9),
    Column("Took", Kind.NUMBER, importance=8),
    Column("For", Kind.NAME, importance=5),
)


@click.command()
@click.argument("name")
@click.option(
    "--tsv",
    metavar="FILE",
    help="Write a table, a line an item; - prints it, and nothing else.",
)
@click.option(
    "--picture", type=click.Path(path_type=Path), help="Draw jobs over time by state: .svg, .png or .pdf."
)
@wide_option
@json_option
def report(name: str, tsv: str | None, picture: Path | None, as_json: bool) -> None:
    """Account for every item of a batch: what is complete, what failed and why, what was left out, and what it cost."""
    if tsv == "-" and as_json:
        raise click.UsageError("--tsv - and --json both print: write the table to a file")
    if picture is not None:
        check_picture(picture)
    services.ready_database()
    found = overview(name)
    if found["kind"] == LABEL:
        raise BadInput(
            f"{name} is only a name that jobs were sent with: `crobot jobs --batch {name}` lists them"
        )
    times = plot.Times()
    with transaction() as session:
        batch_id = batches.known(session, name).id
    items = times.noted(account.items(batch_id)) if picture is not None else account.items(batch_id)
    found |= {"account": account.sum_up(_written(tsv, items) if tsv else items).as_dict()}
    if picture is not None:
        _draw(picture, found, times)
    if tsv != "-":
        emit(as_json, found, lambda out: show_report(out, found))


def _draw(path: Path, found: Overview, times: plot.Times) -> None:
    with transaction() as session:
        now = clock.now(session)
    plot.plot(path, f"Batch {found['batch']}, {words.kind(found)}: {times.jobs:,} jobs", times, now)
    say(f"drawn in {path}")


def _written(path: str, items: Iterable[Any]) -> Iterator[Any]:
    """Write items on their way to whoever else wants them."""
    with opened(path) as file:
        print(report_table.HEADING, file=file)
        for item in items:
            print(report_table.line(item), file=file)
            yield item


def show_report(out: Console, found: Overview) -> None:
    """Print the account."""
    account = found["account"]
    cost = (
        f"{words.hours(account['cpu_s'])} of CPU, {words.hours(account['wall_s'])} on nodes, "
        f"{account['attempts']:,} attempts"
    )
    show_one(out, found, {"Cost": cost if account["attempts"] else ""})
    for columns, rows in (
        (_FAILED, [[one["items"], one["kind"], one["message"], _some(one)] for one in account["failed"]]),
        (_LEFT_OUT, [[one["items"], one["message"], _some(one)] for one in account["left_out"]]),
        (_SLOWEST, [[one["job"], duration(one["wall_s"]), one["key"]] for one in account["slowest"]]),
    ):
        if rows:
            out.print("")
            out.print(table(columns, rows))


def _some(cause: dict[str, Any]) -> list[str]:
    """Return the examples of a cause, and that there are more."""
    named = [str(one) for one in cause["examples"]]
    more = cause["items"] - len(named)
    return [*named, f"{more:,} more"] if named and more else named
