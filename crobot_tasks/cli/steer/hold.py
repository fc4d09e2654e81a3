"""`crobot hold`, `release`, `priority`: steering jobs that are not over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import click
from rich.console import Console

from crobot_tasks.cli.output import emit
from crobot_tasks.cli.steer.changes import Ask, changes_many, document, nothing
from crobot_tasks.cli.steer.selection import in_words, jobs_in_words
from crobot_tasks.operate import hold as holding
from db.crobot import JobState
from db.crobot.selection import Selection


@click.command()
@changes_many
@click.option("--reason", required=True, help="Why, for those who wonder.")
def hold(selection: Selection, ask: Ask, reason: str, as_json: bool) -> None:
    """Hold jobs until they are released: a waiting one is not sent to a node; one that runs goes on, but if its node
    fails it is not tried again."""
    _change("hold", selection, holding.live(selection), ask, as_json, lambda: holding.hold(selection, reason))


@click.command()
@changes_many
def release(selection: Selection, ask: Ask, as_json: bool) -> None:
    """Release jobs that are held."""
    held = replace(selection, held=True)
    _change("release", selection, held, ask, as_json, lambda: holding.release(selection))


@click.command()
@click.argument("number", metavar="PRIORITY", type=click.IntRange(0, 9))
@changes_many
def priority(number: int, selection: Selection, ask: Ask, as_json: bool) -> None:
    """Give jobs another priority, from 0 (the most urgent) to 9; those that wait take their new place in the order."""
    live = holding.live(selection)
    _change("reprioritise", selection, live, ask, as_json, lambda: holding.reprioritise(selection, number))


#: what is said of a change: in the past, and of which jobs it can be
_WORDS = {
    "hold": ("held", "live"),
    "release": ("released", "held"),
    "reprioritise": ("given the new priority", "live"),
}


def _change(
    what: str,
    selection: Selection,
    affected: Selection,
    ask: Ask,
    as_json: bool,
    change: Callable[[], Counter[JobState]],
) -> None:
    selected, expected = holding.counts(selection), holding.counts(affected)
    done = change() if ask.may(what, expected.total()) else expected
    emit(as_json, document(selection, ask, done, selected),
         lambda out: _show(out, what, selection, selected, done, ask.dry_run))  # fmt: skip


def _show(
    out: Console,
    what: str,
    selection: Selection,
    selected: Counter[JobState],
    done: Counter[JobState],
    dry_run: bool,
) -> None:
    past, wanted = _WORDS[what]
    if not done:
        out.print(nothing(selection, selected, wanted))
    elif dry_run:
        out.print(f"{jobs_in_words(done.total())} would be {past}: {in_words(done)}")
    else:
        out.print(f"{jobs_in_words(done.total())} {past}: {in_words(done)}")
    if what == "hold" and not dry_run and (begun := done[JobState.ROUTED] + done[JobState.RUNNING]):
        out.print(
            f"{jobs_in_words(begun)} of them had been sent to nodes and will go on, but not be tried again"
        )
