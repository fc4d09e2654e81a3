"""`crobot batch resend`: what failed of a batch, once more."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from crobot_errors import OutcomeKind
from crobot_tasks.cli import storage
from crobot_tasks.cli.batches.options import DRY_RUN, YES, find
from crobot_tasks.cli.output import emit, json_option
from crobot_tasks.cli.steer.changes import Ask
from crobot_tasks.cli.steer.resend import with_changes
from crobot_tasks.operate.resend import Changes

_KINDS = [kind.value for kind in OutcomeKind if kind is not OutcomeKind.OK]


@click.command()
@click.argument("name")
@click.option("--failed", "outcome", type=click.Choice(_KINDS),
              help="Only those that failed in this way.  [default: all]")  # fmt: skip
@with_changes
@DRY_RUN
@YES
@json_option
def resend(name: str, outcome: str | None, changes: Changes, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Send again what failed of a batch, with other parameters if wanted.

    The exit code is 1 if an item cannot be sent.
    """
    batch = find(name)
    storage.ready()
    failures = batch.standing().failures
    wanted = failures if outcome is None else {outcome: failures.get(outcome, 0)}
    number = sum(wanted.values())
    errors = {}
    if Ask(yes=yes, dry_run=dry_run, as_json=as_json).may("resend", number):
        errors = batch.resend(outcome, changes)
    found = {
        "batch": name,
        "dry_run": dry_run,
        "failures": failures,
        "items": number,
        "refused": [
            {"item": item, "error": {"type": type(error).__name__, "message": str(error)}}
            for item, error in errors.items()
        ],
    }
    emit(as_json, found, lambda out: _show(out, found))
    click.get_current_context().exit(1 if errors else 0)


def _show(out: Console, found: dict[str, Any]) -> None:
    failures = ", ".join(f"{number:,} {kind}" for kind, number in found["failures"].items())
    if not found["items"]:
        out.print(f"nothing is sent again: of batch {found['batch']} failed {failures or 'nothing'}")
    elif found["dry_run"]:
        out.print(f"{found['items']:,} items of batch {found['batch']} would be sent again")
    else:
        sent = found["items"] - len(found["refused"])
        out.print(f"{sent:,} items of batch {found['batch']} are sent again")
    for one in found["refused"]:
        out.print(f"item {one['item']} is not sent again: {one['error']['message']}")
