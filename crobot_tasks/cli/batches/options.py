"""What the commands ask for that make a batch or add to one, and the batch that a name means."""

from __future__ import annotations

from functools import wraps
from typing import Any

import click

from crobot_errors import BadInput, UnknownBatch
from crobot_tasks.batches.batch import Batch
from crobot_tasks.batches.making import PRIORITY, USUAL, Limits
from crobot_tasks.batches.where import Where
from crobot_tasks.cli import sending
from crobot_tasks.cli.batches.keys import Choice
from crobot_tasks.cli.output import json_option
from crobot_tasks.cli.send import options as of_sends
from crobot_tasks.cli.steer.changes import Ask
from crobot_tasks.cli.steer.selection import Command, with_options
from crobot_tasks.cli.values import PARAM
from db.crobot import batches
from db.engine import transaction


class Failures(click.ParamType[tuple[int | None, float | None]]):
    """A number of failures, or a share: 25 or 5%."""

    name = "N or N%"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int | None, float | None]:
        """Return number and share; one of them is None."""
        if isinstance(value, tuple):
            return value
        text = value.strip()
        try:
            return (None, float(text[:-1]) / 100) if text.endswith("%") else (int(text), None)
        except ValueError:
            self.fail(f"{value!r} is no number of failures: write it like 25, or 5% of all items", param, ctx)


YES = click.option("--yes", is_flag=True, help="Do not ask before many jobs are sent or changed.")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Only say what it would be.")
LIST = click.option(
    "--list",
    "list_file",
    metavar="FILE",
    help="A list, one a line, or a table's first column; - is standard input.",
)
LIMITS = (
    click.option("--live", type=click.IntRange(1), default=USUAL.live, show_default=True,
                 help="Send more when fewer of its jobs than this are live."),
    click.option("--slice", "slice_", type=click.IntRange(1), default=USUAL.slice, show_default=True,
                 help="Jobs that are sent together."),
    click.option("--max-failures", type=Failures(), help="Pause the batch when so many items failed: 25, or 5%."),
)  # fmt: skip
OF_ASSEMBLY = click.option(
    "--param", "params", multiple=True, type=PARAM,
    help="A parameter of QAssembly: assembler=megahit; may be given several times.",
)  # fmt: skip
PRIORITY_OF_BATCH = click.option(
    "--priority", type=click.IntRange(0, 9), default=PRIORITY, show_default=True, help="0 is the most urgent."
)


def limits_of(live: int, slice_: int, max_failures: tuple[int | None, float | None] | None) -> Limits:
    """Return the limits that the options say.

    Raises:
        BadInput: they cannot be.
    """
    limits = Limits(live, slice_, *(max_failures or (None, None)))
    limits.check()
    return limits


def makes_a_batch(command: Command) -> Command:
    """Give a command the options of a new batch: it gets ``choice``, ``request`` (as `Batch` takes it) and ``ask``."""

    @wraps(command)
    def with_request(
        *args: Any,
        names: tuple[str, ...],
        list_file: str | None,
        where: Where | None,
        live: int,
        slice_: int,
        max_failures: tuple[int | None, float | None] | None,
        priority: int,
        user_id: int,
        workgroup: str,
        yes: bool,
        dry_run: bool,
        **options: Any,
    ) -> Any:
        choice = Choice(names, list_file, where)
        limits = limits_of(live, slice_, max_failures)
        request = {"limits": limits, "priority": priority, "user_id": user_id, "workgroup": workgroup}
        ask = Ask(yes=yes, dry_run=dry_run, as_json=options["as_json"])
        sending.ready()
        return command(*args, choice=choice, request=request, ask=ask, **options)

    return with_options(
        with_request,
        (LIST, *LIMITS, PRIORITY_OF_BATCH, of_sends.user, of_sends.workgroup, DRY_RUN, YES, json_option),
    )


def find(name: str) -> Batch:
    """Return a batch that can be steered.

    Raises:
        UnknownBatch: there is none.
        BadInput: only jobs have the name.
    """
    sending.ready_to_steer()
    try:
        return Batch(name)
    except UnknownBatch:
        with transaction() as session:
            if batches.is_label(session, name):
                raise BadInput(
                    f"{name} is only a name that jobs were sent with: steer them with `crobot jobs`, `crobot hold`, "
                    f"`crobot cancel` and the like, and --batch {name}"
                ) from None
        raise
