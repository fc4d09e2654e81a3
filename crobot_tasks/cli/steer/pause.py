"""`crobot pause`, `unpause`: a pipeline, a species, or everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import sending
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, wide_option
from crobot_tasks.cli.tables import table
from crobot_tasks.operate import pause as pausing
from crobot_tasks.operate import paused
from crobot_tasks.operate.pause import Paused
from db.crobot import PausedKind
from db.engine import transaction

_COLUMNS = (Column("Paused", Kind.NAME), Column("Since"), Column("Reason", Kind.TEXT))


def _what(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say what is paused."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="Everything: no job is sent to a node."),
        click.option("--species", multiple=True, help="This species; may be given several times."),
        click.option("--pipeline", "pipelines", multiple=True, help="This pipeline; may be given several times."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command()
@_what
@click.option("--reason", required=True, help="Why, for those who wonder.")
@wide_option
@json_option
def pause(
    pipelines: tuple[str, ...], species: tuple[str, ...], everything: bool, reason: str, as_json: bool
) -> None:
    """Send no jobs of a pipeline or a species, or none at all, to nodes; what nodes have is finished."""
    wanted = _paused(pipelines, species, everything)
    sending.ready_to_steer()
    pausing.pause(wanted, reason)
    _tell(as_json, {})


@click.command()
@_what
@wide_option
@json_option
def unpause(pipelines: tuple[str, ...], species: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Lift pauses; --all lifts only the one of everything."""
    wanted = _paused(pipelines, species, everything)
    sending.ready_to_steer()
    _tell(as_json, pausing.unpause(wanted))


def _paused(pipelines: tuple[str, ...], species: tuple[str, ...], everything: bool) -> list[Paused]:
    wanted = [(PausedKind.PIPELINE, name) for name in pipelines] + [
        (PausedKind.SPECIES, name) for name in species
    ]
    if everything:
        wanted.append((PausedKind.ALL, ""))
    if not wanted:
        raise click.UsageError("say what: --pipeline NAME, --species NAME or --all")
    return wanted


def _tell(as_json: bool, lifted: dict[Paused, bool]) -> None:
    with transaction() as session:
        left = paused.described(session)
    document = {
        "paused": left,
        "lifted": [{"kind": kind, "name": name, "was_paused": was} for (kind, name), was in lifted.items()],
    }
    emit(as_json, document, lambda out: _show(out, lifted, left))


def _show(out: Console, lifted: dict[Paused, bool], left: list[dict[str, Any]]) -> None:
    for (kind, name), was in lifted.items():
        what = paused.in_words(kind, name)
        out.print(f"{what} is no longer paused" if was else f"{what} was not paused")
    show_pauses(out, left)


def show_pauses(out: Console, pauses: list[dict[str, Any]]) -> None:
    """Print what is paused, if anything is."""
    if pauses:
        lines = [
            [paused.in_words(one["kind"], one["name"]), one["paused_at"], one["reason"]] for one in pauses
        ]
        out.print(table(_COLUMNS, lines))
