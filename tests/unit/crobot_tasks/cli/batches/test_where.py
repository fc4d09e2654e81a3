"""What a command is told to choose by a query."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import pytest

from crobot_tasks.batches.where import OF_ASSEMBLIES, OF_STRAINS, Where
from crobot_tasks.cli.batches.where import Wanted
from crobot_tasks.cli.values import PARAM, TEXT_PARAM
from db.species.selection import ANY, Filters
from tests.unit.crobot_tasks.cli.scenes import fixed_clock


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("no-assembly", ("no-assembly", None)),
        ("failed", ("failed", None)),
        ("failed:tool", ("failed", "tool")),
    ],
)
def test_a_condition_is_understood(text: str, wanted: tuple[str, str | None]) -> None:
    assert Wanted(OF_STRAINS).convert(text, None, None) == wanted


@pytest.mark.parametrize("text", ["", "bad", "no-result", "outdated:tool", "failed:", "failed:never"])
def test_a_condition_that_nobody_knows_is_answered_by_those_that_there_are(text: str) -> None:
    with pytest.raises(
        click.BadParameter, match=r"there are no-assembly, outdated|failed:KIND is with ok, tool"
    ):
        Wanted(OF_STRAINS).convert(text, None, None)


def test_assemblies_have_conditions_of_their_own() -> None:
    assert Wanted(OF_ASSEMBLIES).convert("no-result", None, None) == ("no-result", None)
    with pytest.raises(click.BadParameter):
        Wanted(OF_ASSEMBLIES).convert("no-assembly", None, None)


def test_a_choice_is_told_in_words() -> None:
    narrow = Filters(
        datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), {"country": "Ireland"}
    )
    with fixed_clock():
        assert str(Where("failed", "tool", narrow)) == (
            "failed:tool, since 2026-01-01 00:00:00, until 2026-02-01 00:00:00, country=Ireland"
        )
    assert str(Where("outdated", None, ANY)) == "outdated"


def test_an_attribute_is_a_text_and_a_parameter_is_json() -> None:
    assert TEXT_PARAM.convert("year=2019", None, None) == ("year", "2019")
    assert PARAM.convert("min_contig=500", None, None) == ("min_contig", 500)
    for kind in (PARAM, TEXT_PARAM):
        with pytest.raises(click.BadParameter, match="key=value"):
            kind.convert("year", None, None)
