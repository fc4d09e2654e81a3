"""Strains or assemblies that are chosen by what the database knows of them: `--where`, and what narrows it down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

import click

from crobot_errors import OutcomeKind
from crobot_tasks.cli.output import moment
from crobot_tasks.cli.steer.selection import Command, with_options
from crobot_tasks.cli.values import TEXT_PARAM
from crobot_tasks.jobs.generic import pipeline_of
from crobot_tasks.tasks import job_task
from db.species import selection
from db.species.schemes import find_scheme
from db.species.selection import Filters

#: what `--where` may say of strains, and of assemblies; failed:KIND is one kind of failure
OF_STRAINS = ("no-assembly", "outdated", "failed", "all")
OF_ASSEMBLIES = ("no-result", "outdated", "failed")

#: (session, what is wanted) → barcodes
Select = Callable[[Any, "Where"], Sequence[str]]


@dataclass(frozen=True)
class Where:
    """What is wanted."""

    what: str
    #: of those that failed; None is any
    outcome: str | None
    filters: Filters

    def __str__(self) -> str:
        given = [self.what if self.outcome is None else f"{self.what}:{self.outcome}"]
        given += [f"since {moment(self.filters.since)}"] if self.filters.since else []
        given += [f"until {moment(self.filters.until)}"] if self.filters.until else []
        return ", ".join(given + [f"{key}={value}" for key, value in self.filters.attributes.items()])


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


def strains(session: Any, where: Where) -> Sequence[str]:
    """Return the barcodes of strains."""
    match where.what:
        case "all":
            return selection.all_strains(session, where.filters)
        case "no-assembly":
            return selection.strains_without_assembly(session, where.filters)
        case "outdated":
            return selection.strains_outdated(session, job_task("QAssembly").version, where.filters)
        case _:
            return selection.strains_failed(session, where.outcome, where.filters)


def assemblies(scheme: str) -> Select:
    """Return what chooses assemblies, by how a scheme stands on them."""

    def select(session: Any, where: Where) -> Sequence[str]:
        row = find_scheme(session, scheme)
        match where.what:
            case "no-result":
                return selection.assemblies_without_result(session, row, where.filters)
            case "outdated":
                current = job_task(pipeline_of(row)).version
                return selection.assemblies_outdated(session, row, current, where.filters)
            case _:
                return selection.assemblies_failed(session, row, where.outcome, where.filters)

    return select
