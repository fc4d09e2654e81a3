"""What commands that change jobs have in common: which jobs are meant, and the question before many are changed."""

from __future__ import annotations

import sys
from collections import Counter
from functools import wraps
from typing import Any

import click

from crobot_errors import BadInput
from crobot_tasks.cli import sending
from crobot_tasks.cli.output import json_option
from crobot_tasks.cli.steer.selection import FILTERS, Command, in_words, selection_of, with_options
from crobot_tasks.cli.values import JOB
from crobot_tasks.operate import names
from db.crobot import JobState
from db.crobot.selection import Selection

#: a command that changes more jobs than this asks first
MOST_UNASKED = 100

_YES = click.option(
    "--yes", is_flag=True, help=f"Do not ask before more than {MOST_UNASKED} jobs are changed."
)
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Only say how many jobs it would be.")


def changes_many(command: Command) -> Command:
    """Give a command that changes jobs their numbers and filters as ``selection``, ``ask`` and ``--json``.

    Without any selection it is refused: nobody means all jobs by saying nothing.
    """

    @wraps(command)
    def with_selection(*args: Any, job_ids: tuple[int, ...], yes: bool, dry_run: bool, **options: Any) -> Any:
        selection = selection_of(options, tuple(dict.fromkeys(job_ids)) or None)
        if selection.empty:
            raise click.UsageError(
                "say which jobs: by number, or by --batch, --user, --pipeline and the like"
            )
        sending.ready_to_steer()
        names.check(selection)
        ask = Ask(yes=yes, dry_run=dry_run, as_json=options["as_json"])
        return command(*args, selection=selection, ask=ask, **options)

    numbers = click.argument("job_ids", metavar="[JOB]…", nargs=-1, type=JOB)
    return with_options(with_selection, (numbers, *FILTERS, _DRY_RUN, _YES, json_option))


class Ask:
    """Whether a command goes on: nothing is done for a dry run, and many jobs are changed only if that is meant."""

    def __init__(self, *, yes: bool, dry_run: bool, as_json: bool) -> None:
        self.yes, self.dry_run, self.as_json = yes, dry_run, as_json

    def may(self, what: str, number: int) -> bool:
        """Ask, if need be, whether to ``what`` so many jobs; false for a dry run.

        Raises:
            BadInput: nobody is there to be asked.
        """
        if self.dry_run:
            return False
        if number > MOST_UNASKED and not self.yes:
            if self.as_json or not sys.stdin.isatty():
                raise BadInput(
                    f"that would {what} {number:,} jobs: say --yes if it is meant, or --dry-run to look"
                )
            click.confirm(f"{what} {number:,} jobs?", abort=True, err=True)
        return True


def document(
    selection: Selection, ask: Ask, done: Counter[JobState], selected: Counter[JobState]
) -> dict[str, Any]:
    """Return what programs are told of a change: how many it was of each state, and how many were selected."""
    return {
        "selection": str(selection),
        "dry_run": ask.dry_run,
        "selected": dict(selected),
        "changed": dict(done),
        "jobs": done.total(),
    }


def nothing(selection: Selection, selected: Counter[JobState], wanted: str) -> str:
    """Say why a change had nothing to change."""
    if not selected:
        return f"no job is selected by {selection}"
    return f"none of the selected jobs is {wanted}: {in_words(selected)}"
