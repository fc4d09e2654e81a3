"""The daily update: assemblies and schemes of each species, once a day; heads do it at the hour of the policy."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from functools import partial

from crobot_errors import ServiceError
from crobot_tasks.celery import app
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.maintenance.updating import Update, attempted, update_all_schemes, update_assemblies
from crobot_tasks.operate.paused import pause_of
from crobot_tasks.router.maintenance import Maintenance
from db.crobot import daily_updates
from db.engine import retrying, transaction
from db.known_species import find_species, list_species

log = logging.getLogger(__name__)


def daily_update(species: Sequence[str] = (), *, dry_run: bool = False) -> list[Update]:
    """Bring these species up to date, or all of which the policy says so: their assemblies, then their schemes.

    Raises:
        UnknownSpecies: there is none of this name; nothing was sent.
    """
    with transaction() as session:
        for name in species:
            find_species(session, name)
        maintenance = policy_in_force.current(session).maintenance
        names = species or [one.name for one in list_species(session) if maintenance.is_daily(one.name)]
    return [update for name in names for update in _update_species(maintenance, name, dry_run)]


def _update_species(maintenance: Maintenance, name: str, dry_run: bool) -> list[Update]:
    updates = []
    if maintenance.rule_of(name).daily:
        updates.append(attempted(name, None, partial(update_assemblies, name, dry_run=dry_run)))
    wanted = partial(_is_daily, maintenance, name)
    return updates + update_all_schemes(name, dry_run=dry_run, only=wanted)


def _is_daily(maintenance: Maintenance, species: str, scheme: str) -> bool:
    return maintenance.rule_of(species, scheme).daily


@app.task(name="crobot.daily_update", ignore_result=True, send_events=False)
def update_daily() -> None:
    """Do what is due of each species; any number of heads may do so at once, and what was missed is made up once."""
    with transaction() as session:
        maintenance = policy_in_force.current(session).maintenance
        if maintenance.hour is None:
            return
        day = daily_updates.due(session, maintenance.hour)
        names = [one.name for one in list_species(session) if maintenance.is_daily(one.name)]
    for name in names:
        try:
            for update in retrying(partial(_update_once, maintenance, name, day)):
                _tell(update)
        except ServiceError:
            raise
        # Whatever one species meets, the others go on, and it is tried again soon.
        except Exception:
            log.exception("the daily update of %s cannot be done", name)


def _update_once(maintenance: Maintenance, name: str, day: date) -> list[Update]:
    """Make all batches of a species in the transaction that notes the day: all of them, once, or none."""
    with transaction(name) as session:
        if not daily_updates.take(session, name, day):
            return []
        if pause_of(session, name):
            # made up when it goes on: until then nothing would run
            return []
        daily_updates.done(session, name, day)
        return _update_species(maintenance, name, False)


def _tell(update: Update) -> None:
    if update.error:
        log.warning("daily update of %s: %s", update.what, update.error)
    elif update.batch is not None:
        log.info("daily update of %s: batch %s, %d items", update.what, update.batch.name, len(update.chosen))
