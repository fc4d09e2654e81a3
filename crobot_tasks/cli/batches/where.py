"""`--where`, and what narrows it down: the options of commands that choose strains or assemblies by a query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any

import click

from crobot_errors import OutcomeKind
from crobot_tasks.batches.where import Where
from crobot_tasks.cli.steer.selection import Command, with_options
from crobot_tasks.cli.values import TEXT_PARAM
from db.species import selection
from db.species.selection import Filters


class Wanted(click.ParamType[tuple[str, str | None]]):
    """A condition: outdated, failed or failed:tool."""

    name = "condition"

    def __init__(self, known: Sequence[str]) -> None:
        self.known = known

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str | None]:
        """Return the condition and the kind of failure, or None."""
        what, sign, outcome = str(value).partition(":")
        if what not in self.known:
            self.fail(f"{value!r} is not known: there are {', '.join(self.known)}", param, ctx)
        if sign and (what != "failed" or outcome not in list(OutcomeKind)):
            self.fail(f"{value!r} is not known: failed:KIND is with {', '.join(OutcomeKind)}", param, ctx)
        return what, outcome or None


def with_where(known: Sequence[str]) -> Callable[[Command], Command]:
    """Give a command the options that choose by a query; it gets them as ``where``, which may be None."""
    day = click.DateTime(("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"))
    options = (
        click.option("--where", "wanted", type=Wanted(known), metavar="|".join(known),
                     help="Choose by what is known; failed:KIND is one kind of failure, as failed:node_lost."),
        click.option("--since", type=day, metavar="DATE", help="Of these, those that came on this day or later."),
        click.option("--until", type=day, metavar="DATE", help="Of these, those that came before this day."),
        click.option("--attribute", "attributes", multiple=True, type=TEXT_PARAM,
                     help="Of these, strains with this: country=Ireland; may be given several times."),
    )  # fmt: skip

    def decorate(command: Command) -> Command:
        @wraps(command)
        def asked(
            *args: Any,
            wanted: tuple[str, str | None] | None,
            since: datetime | None,
            until: datetime | None,
            attributes: tuple[tuple[str, str], ...],
            **more: Any,
        ) -> Any:
            filters = Filters(since and since.astimezone(), until and until.astimezone(), dict(attributes))
            if wanted is None and filters != selection.ANY:
                raise click.UsageError("--since, --until and --attribute narrow --where down: give that, too")
            return command(*args, where=wanted and Where(*wanted, filters), **more)

        return with_options(asked, options)

    return decorate
