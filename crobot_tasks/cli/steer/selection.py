"""The options by which commands are told which jobs are meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click

from db.crobot import LIVE, JobState
from db.crobot.selection import Selection

FILTERS = (
    click.option("--state", "states", multiple=True, type=click.Choice([*JobState, "LIVE"], case_sensitive=False),
                 help="Only these; LIVE is all that are not over; may be given several times."),
    click.option("--pipeline", help="Only jobs of this pipeline."),
    click.option("--species", "database", help="Only jobs of this species."),
    click.option("--user", "user_id", type=click.IntRange(0, 2**31 - 1), help="Only jobs of this user's number."),
    click.option("--workgroup", help="Only jobs of this workgroup."),
    click.option("--batch", help="Only jobs of this batch."),
    click.option("--tag", help="Only jobs with this tag (accessions, or an assembly's barcode)."),
)  # fmt: skip

Command = Callable[..., Any]


def filters(command: Command) -> Command:
    """Give a command the options that select jobs; it gets them as ``selection``."""

    @wraps(command)
    def with_selection(*args: Any, **options: Any) -> Any:
        return command(*args, selection=selection_of(options), **options)

    return with_options(with_selection, FILTERS)


def with_options(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    """Give a command these options."""
    for option in reversed(options):
        command = option(command)
    return command


def selection_of(options: dict[str, Any], ids: tuple[int, ...] | None = None) -> Selection:
    """Take what selects jobs out of a command's options."""
    named = {
        name: options.pop(name) for name in ("pipeline", "database", "user_id", "workgroup", "batch", "tag")
    }
    given = options.pop("states")
    states = [one for state in given for one in (LIVE if state == "LIVE" else [JobState(state)])]
    return Selection(ids=ids, states=tuple(dict.fromkeys(states)) or None, **named)


def in_words(counts: Counter[JobState]) -> str:
    """Return how many jobs are in each state: 3 WAITING, 1 RUNNING; in the order of a job's life."""
    return ", ".join(f"{counts[state]:,} {state}" for state in JobState if counts[state])


def jobs_in_words(number: int) -> str:
    """Return 1 job, 2 jobs."""
    return f"{number:,} job" + ("" if number == 1 else "s")
