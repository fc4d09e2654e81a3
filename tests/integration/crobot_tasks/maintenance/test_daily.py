"""The daily update: at its hour, once, also by two heads; what was missed is made up once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from crobot_errors import UnknownSpecies
from crobot_tasks.maintenance.daily import daily_update, update_daily
from crobot_tasks.maintenance.warnings import warnings
from crobot_tasks.operate.pause import pause, unpause
from db.crobot import PausedKind, daily_updates
from db.engine import transaction
from tests.integration.crobot_tasks.maintenance.strains import Species, keys_of_batches
from tests.processes import value

Policy = Callable[[str], None]


@pytest.fixture
def due(species: Species, policy: Policy) -> Species:
    """A species whose last daily update was three days ago, and no other is updated daily."""
    policy(f"hour = 0\ndaily = false\n[maintenance.species.{species.name}]\ndaily = true")
    update_daily()
    go_back(species, 3)
    return species


def go_back(species: Species, days: int) -> None:
    """Have so many daily updates been missed."""
    with transaction() as session:
        session.execute(
            text("UPDATE crobot.daily_updates SET day = day - :days WHERE database = :database"),
            {"days": days, "database": species.name},
        )


def days_behind(species: Species) -> int:
    return int(
        value(
            "SELECT CAST(now() AT TIME ZONE 'UTC' AS date) - day FROM crobot.daily_updates WHERE database = :name",
            name=species.name,
        )
    )


def test_missed_days_are_made_up_once(due: Species) -> None:
    due.add_strain("new")
    due.add_scheme()
    due.add_assembled("assembled")
    assert days_behind(due) == 3
    update_daily()
    assert days_behind(due) == 0
    before = keys_of_batches(due.name)
    assert len(before) == 2
    due.add_strain("newer")
    update_daily()
    assert keys_of_batches(due.name) == before


def test_two_heads_do_it_once(due: Species) -> None:
    for number in range(20):
        due.add_strain(f"new {number}")
    together = Barrier(3)

    def head() -> None:
        together.wait()
        update_daily()

    with ThreadPoolExecutor(3) as heads:
        for done in [heads.submit(head) for _ in range(3)]:
            done.result()
    keys = keys_of_batches(due.name)
    assert len(keys) == len(set(keys)) == 20
    assert value("SELECT count(*) FROM crobot.batches WHERE database = :name", name=due.name) == 1


def test_a_species_begins_with_the_next_day(species: Species, policy: Policy) -> None:
    policy("hour = 0")
    species.add_strain("new")
    update_daily()
    assert keys_of_batches(species.name) == []
    go_back(species, 1)
    update_daily()
    assert len(keys_of_batches(species.name)) == 1


def test_a_paused_species_is_made_up_when_it_goes_on(due: Species) -> None:
    due.add_strain("new")
    paused = (PausedKind.SPECIES, due.name)
    pause([paused], "a new disk")
    update_daily()
    assert (keys_of_batches(due.name), days_behind(due)) == ([], 3)
    assert warnings({due.name}) == [f"species {due.name} is paused: a new disk; what is sent waits"]
    unpause([paused])
    update_daily()
    assert (len(keys_of_batches(due.name)), days_behind(due)) == (1, 0)
    assert warnings({due.name}) == []


def test_without_an_hour_there_is_none(due: Species, policy: Policy) -> None:
    due.add_strain("new")
    policy("")
    update_daily()
    assert days_behind(due) == 3


@pytest.mark.parametrize(("at", "hour", "day"), [
    ("2026-11-26 02:59:59+00", 3, "2026-11-25"),
    ("2026-11-26 03:00:00+00", 3, "2026-11-26"),
    ("2026-11-26 00:00:00+00", 0, "2026-11-26"),
    # the hour that Berlin skips, and the one that it has twice, are like all others
    ("2026-03-29 02:00:00+00", 2, "2026-03-29"),
    ("2026-03-29 01:59:59+00", 2, "2026-03-28"),
    ("2026-10-25 03:30:00+02", 2, "2026-10-24"),
    ("2026-10-25 03:00:00+01", 2, "2026-10-25"),
])  # fmt: skip
def test_days_are_those_of_utc(two_species: str, at: str, hour: int, day: str) -> None:
    statement = daily_updates._DUE.text.replace("now()", "CAST(:at AS timestamptz)")
    assert str(value(statement, at=at, hour=hour)) == day


def test_it_is_done_at_once_for_the_species_that_are_named(species: Species, policy: Policy) -> None:
    species.add_strain("new")
    species.add_scheme()
    species.add_assembled("assembled")
    planned = daily_update([species.name], dry_run=True)
    assert [(one.scheme, len(one.chosen), one.batch) for one in planned] == [
        (None, 1, None),
        ("CRISPR", 1, None),
    ]
    policy(f"[maintenance.species.{species.name}.schemes.CRISPR]\ndaily = false")
    done = daily_update([species.name])
    assert [(one.scheme, len(one.chosen)) for one in done] == [(None, 1)]
    with pytest.raises(UnknownSpecies, match="'never'"):
        daily_update([species.name, "never"])


def test_a_species_that_the_policy_names_and_nobody_has_is_a_warning(
    species: Species, policy: Policy
) -> None:
    policy("[maintenance.species.nobodys]\nmost = 1")
    [warning] = warnings({species.name})
    assert warning.startswith(
        "the policy's section [maintenance] names the species 'nobodys', which is not there"
    )
