"""`crobot doctor`: whether the installation is sound."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

import click
from rich.console import Console

from crobot_tasks.cli.output import emit, json_option
from crobot_tasks.cli.tables import facts
from crobot_tasks.operate.doctor.examination import examine
from crobot_tasks.operate.doctor.finding import Finding, Severity


@click.command()
@click.option("--all", "show_all", is_flag=True, help="List what is well, too.")
@json_option
@click.pass_context
def doctor(ctx: click.Context, show_all: bool, as_json: bool) -> None:
    """Say whether this installation is sound: servers and their settings, storage, nodes, schedules, passwords.

    Type it on a head, with the settings of the head: it looks at the storage and the passwords of this machine.
    Ends with 1 if there is a problem, and with 0 if there are only warnings.
    """
    found = sorted(examine(), key=lambda one: list(Severity).index(one.severity))
    counts = Counter(one.severity for one in found)
    document = {
        "sound": not counts[Severity.PROBLEM],
        "counts": {severity: counts[severity] for severity in Severity},
        "findings": [asdict(one) for one in found],
    }
    emit(as_json, document, lambda out: _show(out, found, counts, show_all))
    if counts[Severity.PROBLEM]:
        ctx.exit(1)


def _show(out: Console, found: list[Finding], counts: Counter[Severity], show_all: bool) -> None:
    for one in found:
        if one.severity != Severity.OK or show_all:
            what = {one.severity: f"{one.subject}: {one.what}", "why": one.why, "way out": one.way_out}
            out.print(facts(what))
            if one.why:
                out.print("")
    out.print(
        f"problems: {counts[Severity.PROBLEM]}, warnings: {counts[Severity.WARNING]}, "
        f"well: {counts[Severity.OK]}{'' if show_all else ' (--all lists them)'}"
    )
