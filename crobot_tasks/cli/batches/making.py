"""`crobot batch reassemble`, `call`, `add`: batches of strains or assemblies that people name."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from crobot_tasks.batches import choosing, where
from crobot_tasks.batches.batch import Batch
from crobot_tasks.batches.choosing import Chosen
from crobot_tasks.batches.making import Item, check_name
from crobot_tasks.cli import storage
from crobot_tasks.cli.batches import words
from crobot_tasks.cli.batches.keys import Choice, Keys
from crobot_tasks.cli.batches.options import LIST, OF_ASSEMBLY, find, makes_a_batch
from crobot_tasks.cli.batches.where import with_where
from crobot_tasks.cli.output import console, emit, json_option
from crobot_tasks.cli.steer.changes import Ask


@click.command()
@click.argument("species")
@click.argument("name")
@click.argument("names", metavar="[STRAIN…]", nargs=-1)
@OF_ASSEMBLY
@click.option("--again/--no-again", default=True, show_default=True,
              help="Whether to assemble again what has the same version and parameters.")  # fmt: skip
@with_where(where.OF_STRAINS)
@makes_a_batch
def reassemble(
    species: str,
    name: str,
    params: tuple[tuple[str, Any], ...],
    again: bool,
    choice: Choice,
    request: dict[str, Any],
    ask: Ask,
    as_json: bool,
) -> None:
    """Make a batch that assembles the reads of strains, all paired ones of each, and types what passes the QA.

    A strain is named by its barcode, its name, or the accession of a run. If this is interrupted, the same command
    goes on where it was; nothing is sent before the batch is whole.
    """
    choosing.check_assembly(species, dict(params))
    keys = choice.keys(species, where.strains)
    make = partial(Batch.reassemble, species, name=name, params=dict(params), again=again, **request)
    _make(name, keys, ask, as_json, partial(choosing.strains, species), make)


@click.command()
@click.argument("species")
@click.argument("scheme")
@click.argument("name")
@click.argument("names", metavar="[ASSEMBLY or STRAIN…]", nargs=-1)
@click.option("--again/--no-again", default=False, show_default=True,
              help="Whether to call again what has a current result.")  # fmt: skip
@with_where(where.OF_ASSEMBLIES)
@makes_a_batch
def call(
    species: str,
    scheme: str,
    name: str,
    again: bool,
    choice: Choice,
    request: dict[str, Any],
    ask: Ask,
    as_json: bool,
) -> None:
    """Make a batch that calls a scheme on assemblies.

    A strain's barcode or name stands for its assembly in use. If this is interrupted, the same command goes on where
    it was; nothing is sent before the batch is whole.
    """
    choosing.check_scheme(species, scheme)
    keys = choice.keys(species, where.assemblies(scheme))
    make = partial(Batch.call_scheme, species, scheme, name=name, again=again, **request)
    _make(name, keys, ask, as_json, partial(choosing.assemblies, species), make)


@click.command()
@click.argument("name")
@click.argument("names", metavar="[STRAIN or ASSEMBLY…]", nargs=-1)
@LIST
@json_option
def add(name: str, names: tuple[str, ...], list_file: str | None, as_json: bool) -> None:
    """Add strains or assemblies to a batch; what it has already is not added twice."""
    keys = Choice(names, list_file).listed()
    batch = find(name)
    storage.ready()
    chosen = Chosen()
    new = batch.add(_seen(keys.names, as_json), chosen.through)
    found = _account(name, keys, chosen) | {"items": new, "doubles": keys.given - new}
    emit(as_json, found, lambda out: _show(out, found, f"{words.items(new)} added to batch {name}"))


def _make(
    name: str,
    keys: Keys,
    ask: Ask,
    as_json: bool,
    choose: Callable[[Iterable[str]], Iterator[Item]],
    make: Callable[..., Batch],
) -> None:
    check_name(name)
    seen, chosen = _seen(keys.names, as_json), Chosen()
    if ask.may("send", len(keys.names)):
        make(seen, through=chosen.through, chosen_by=keys.chosen_by)
        found = _account(name, keys, chosen) | {"dry_run": False}
        emit(as_json, found, lambda out: _show_made(out, found))
    else:
        deque(chosen.through(choose(seen)), maxlen=0)
        found = _account(name, keys, chosen) | {"dry_run": True}
        emit(
            as_json,
            found,
            lambda out: _show(out, found, f"batch {name} would have {words.items(chosen.items)}"),
        )


def _seen(names: Sequence[str], as_json: bool) -> Iterator[str]:
    """Show on a terminal how many names have been looked at."""
    out = console(to_stderr=True)
    columns = TextColumn("looking up"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=out, transient=True, disable=as_json or not out.is_terminal) as progress:
        yield from progress.track(names)


def _account(name: str, keys: Keys, chosen: Chosen) -> dict[str, Any]:
    return {
        "batch": name,
        "items": chosen.items,
        "doubles": keys.given - chosen.items,
        "left_out": {"items": chosen.left_out, "first": chosen.reasons},
    }


def _show_made(out: Console, found: dict[str, Any]) -> None:
    _show(out, found, f"batch {found['batch']} has {words.items(found['items'])}")
    out.print(f"`crobot batch watch {found['batch']}` shows how it goes on")


def _show(out: Console, found: dict[str, Any], first: str) -> None:
    out.print(first)
    if found["doubles"]:
        out.print(f"{found['doubles']:,} given twice or there already, and dropped")
    left_out = found["left_out"]
    if left_out["items"]:
        out.print(f"{words.items(left_out['items'])} left out:")
        for reason in left_out["first"]:
            out.print(f"  {reason}")
        if left_out["items"] > len(left_out["first"]):
            out.print(f"  and {left_out['items'] - len(left_out['first']):,} more")
