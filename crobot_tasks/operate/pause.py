"""Pausing a pipeline, a species or everything: such jobs may be sent, and wait until the pause is lifted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.broker.json_values import plain
from crobot_tasks.operate.names import check_pipeline
from db.crobot import PausedKind, control, parking
from db.engine import notify, transaction
from db.known_species import find_species

#: what is paused: a kind, and the name of one (empty for all)
Paused = tuple[PausedKind, str]


def pause(what: Iterable[Paused], reason: str) -> None:
    """Pause these, in one transaction; what runs goes on.

    Raises:
        UnknownPipeline, UnknownSpecies: there is none of this name; nothing was paused.
    """
    plain(reason, "the reason")
    with transaction() as session:
        for kind, name in what:
            _check(session, kind, name)
            control.pause(session, kind, name, reason)


def unpause(what: Iterable[Paused]) -> dict[Paused, bool]:
    """Lift these pauses; each with whether it was there.

    Raises:
        UnknownPipeline, UnknownSpecies: there is none of this name; no pause was lifted.
    """
    lifted = {}
    with transaction() as session:
        for kind, name in what:
            lifted[kind, name] = control.unpause(session, kind, name)
            if not lifted[kind, name]:
                _check(session, kind, name)
        notify(session, parking.CHANNEL)
    return lifted


def _check(session: Any, kind: PausedKind, name: str) -> None:
    if kind is PausedKind.PIPELINE:
        check_pipeline(session, name)
    elif kind is PausedKind.SPECIES:
        find_species(session, name)
