"""`crobot recount`: whether counters and states agree with the jobs."""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, wide_option
from crobot_tasks.cli.tables import table
from crobot_tasks.maintenance.recount import Difference
from crobot_tasks.maintenance.recount import recount as differences

_COLUMNS = (
    Column("Table", importance=9),
    Column("Which", Kind.NAME, importance=8),
    Column("Has"),
    Column("Should be"),
    Column("Repaired", importance=7),
)


@click.command()
@click.option("--repair", is_flag=True, help="Put right what the jobs say how.")
@wide_option
@json_option
@click.pass_context
def recount(ctx: click.Context, repair: bool, as_json: bool) -> None:
    """Compare every counter and every state with the jobs, while everything runs.

    Ends with 1 if something differs and was not repaired.
    """
    services.ready_database()
    found = list(differences(repair=repair))
    emit(as_json, [asdict(one) for one in found], lambda out: _show(out, found))
    if not all(one.repaired for one in found):
        ctx.exit(1)


def _show(out: Console, found: list[Difference]) -> None:
    if not found:
        out.print("every counter and every state agrees with the jobs")
        return
    rows = [(one.table, one.which, one.has, one.should, "yes" if one.repaired else "no") for one in found]
    out.print(table(_COLUMNS, rows))
