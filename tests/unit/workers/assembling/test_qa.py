"""The QA evaluation: the thresholds of the domain page, measure by measure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from workers.assembling import qa
from workers.assembling.assembly import Contig, Statistics, counted, statistics

GOOD = Statistics(4_800_000, 80, 165_000, 10, 400_000, 0.0, 0.52, 40.0)


def verdict(species_share: float | None = 0.98, **changed: Any) -> dict[str, Any]:
    return qa.evaluate(replace(GOOD, **changed), species_share, qa.SALMONELLA)


def test_a_good_assembly_passes_every_measure_in_order() -> None:
    found = verdict()
    assert (found["verdict"], found["failed"]) == ("pass", [])
    assert [each["measure"] for each in found["measures"]] == ["bases", "contigs", "N50", "N", "species"]
    assert found["measures"][0] == {
        "measure": "bases", "value": 4_800_000, "limit": "4,000,000 to 5,800,000", "unit": "bp", "passed": True
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "failed"),
    [
        ({"bases": 3_999_999}, ["bases"]),
        ({"bases": 4_000_000}, []),
        ({"bases": 5_800_000}, []),
        ({"bases": 5_800_001}, ["bases"]),
        ({"contigs": 600}, ["contigs"]),
        ({"contigs": 599}, []),
        ({"n50": 20_000}, ["N50"]),
        ({"n50": 20_001}, []),
        ({"n_share": 0.03}, ["N"]),
        ({"n_share": 0.0299}, []),
        ({"species_share": 0.70}, ["species"]),
        ({"species_share": 0.701}, []),
        ({"bases": 1, "contigs": 9999, "n50": 1, "n_share": 0.5, "species_share": 0.0},
         ["bases", "contigs", "N50", "N", "species"]),
    ],
)  # fmt: skip
def test_each_limit_holds_exactly(changed: dict[str, Any], failed: list[str]) -> None:
    assert verdict(**changed)["failed"] == failed


def test_a_species_that_was_not_checked_does_not_fail() -> None:
    found = verdict(species_share=None)
    assert found["verdict"] == "pass"
    assert found["measures"][-1] | {"unit": ""} == {
        "measure": "species", "value": None, "limit": "not checked", "unit": "", "passed": None
    }  # fmt: skip


def test_short_contigs_are_not_counted_and_it_is_said() -> None:
    contigs = [Contig(str(length), "A" * length) for length in (1000, 200, 199, 50)]
    found = counted(contigs)
    assert [each.length for each in found] == [1000, 200]
    assert counted(contigs[2:]) == contigs[2:]
    judged = qa.evaluate(statistics(found), None, qa.SALMONELLA, len(contigs) - len(found))
    assert judged["short_contigs"] == 2
    assert next(each["value"] for each in judged["measures"] if each["measure"] == "contigs") == 2
    assert "short_contigs" not in qa.evaluate(statistics(found), None, qa.SALMONELLA)
