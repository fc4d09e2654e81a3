"""What the list of assemblies says of their QA."""

from __future__ import annotations

import pytest

from crobot_tasks.maintenance.species_overview import BEING_JUDGED, _status


@pytest.mark.parametrize(
    ("verdict", "check", "said"),
    [
        ("Assembled", "QUEUED", BEING_JUDGED),
        ("Assembled", "COMPLETE", "Assembled"),
        ("Assembled", "FAILED", "Assembled"),
        ("Failed QA", "QUEUED", "Failed QA"),
        # an assembly job checks the species itself
        ("Assembled", None, "Assembled"),
    ],
)
def test_a_genome_has_no_verdict_before_its_species_is_checked(
    verdict: str, check: str | None, said: str
) -> None:
    schemes = {"assembly_stats": {"status": check}} if check else {}
    assert _status({"status": verdict, "schemes": schemes}) == said
