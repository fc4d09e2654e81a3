"""The policy's section on maintenance: what holds for whom, and how wrong values are refused."""

from __future__ import annotations

import pytest

from crobot_errors import BadPolicy
from crobot_tasks.router.maintenance import Maintenance, UpdateRule
from crobot_tasks.router.policy import read

OVERRIDES = """
[maintenance]
hour = 3
most = 100
tries = 4
try_again = ["node_lost"]
[maintenance.schemes.CRISPR]
daily = false
priority = 9
[maintenance.species.senterica]
most = 50
[maintenance.species.senterica.schemes.SeroPred]
tries = 1
[maintenance.species.ecoli]
daily = false
"""


def test_the_most_particular_holds() -> None:
    maintenance = read(OVERRIDES).maintenance
    assert maintenance.hour == 3
    assert maintenance.rule_of("yersinia") == UpdateRule(
        most=100, tries=4, try_again=frozenset({"node_lost"})
    )
    assert maintenance.rule_of("senterica").most == 50
    assert maintenance.rule_of("senterica", "SeroPred").tries == 1
    assert maintenance.rule_of("senterica", "SeroPred").most == 50
    crispr = maintenance.rule_of("senterica", "CRISPR")
    assert (crispr.daily, crispr.priority, crispr.most) == (False, 9, 50)
    assert not maintenance.rule_of("yersinia", "CRISPR").daily
    assert maintenance.rule_of("senterica", "MLST").daily


def test_a_species_is_updated_daily_if_any_part_of_it_is() -> None:
    maintenance = read(OVERRIDES).maintenance
    assert maintenance.is_daily("yersinia")
    assert not maintenance.is_daily("ecoli")
    only_serovars = "[maintenance]\ndaily = false\n[maintenance.species.ecoli.schemes.SeroPred]\ndaily = true"
    assert read(only_serovars).maintenance.is_daily("ecoli")
    assert not read(only_serovars).maintenance.is_daily("senterica")


def test_without_a_section_nothing_is_done_daily() -> None:
    assert read("").maintenance == Maintenance()
    assert Maintenance().hour is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hour = 24", "hour = 24: must be a whole hour from 0 to 23, in UTC"),
        ('hour = "02:30"', 'hour = "02:30": must be a whole hour from 0 to 23, in UTC'),
        ("hour = 2.5", "hour = 2.5: must be a whole hour from 0 to 23, in UTC"),
        ("hour = -1", "hour = -1: must be a whole hour"),
        ("most = 0", "most = 0: must be at least 1; `daily = false` leaves it out"),
        ("most = -1", "most = -1: must be at least 0"),
        ("priority = 10", "priority = 10: must be at most 9"),
        ("tries = 0", "tries = 0: must be at least 1"),
        ("delay_h = -1", "delay_h = -1: must be at least 0"),
        ("longest_delay_h = 1", "longest_delay_h = 1: the longest delay, 1 h, is shorter than the first, 12 h"),
        ("delay_h = 1000", "delay_h = 1000: the longest delay, 720 h, is shorter than the first, 1000 h"),
        ("daily = 1", "daily = 1: must be true or false"),
        ("workgroup = 1", "workgroup = 1: must be a text"),
        ('try_again = ["tool"]', 'try_again = ["tool"]: tool is none that may be tried again'),
        ('try_again = ["node_lots"]', 'try_again = ["node_lots"]: node_lots is none that may be tried again'),
        ('try_again = "node_lost"', 'try_again = "node_lost": must be a list of names'),
        ("hours = 3", "hours = 3: unknown key; did you mean hour?"),
        ("species = 3", "species = 3: must be a table"),
    ],
)  # fmt: skip
def test_wrong_values_are_refused_with_the_line(text: str, message: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        read(f"[maintenance]\n{text}")
    assert str(refused.value).startswith(f"line 2: maintenance.{message}")


@pytest.mark.parametrize("table", ["schemes.CRISPR", "species.ecoli", "species.ecoli.schemes.CRISPR"])
def test_wrong_values_are_refused_in_each_table(table: str) -> None:
    with pytest.raises(BadPolicy, match=f"line 2: maintenance.{table}.most = 0: must be at least 1"):
        read(f"[maintenance.{table}]\nmost = 0")
    with pytest.raises(BadPolicy, match=r"unknown key; known here: |unknown key; did you mean"):
        read(f"[maintenance.{table}]\nhour = 3")
