"""Results that a newer pipeline or scheme would make anew are found, and said so."""

from __future__ import annotations

import pytest

from db import nomenclature
from db.engine import transaction
from db.species import assemblies, lookups, outdated, schemes

pytestmark = pytest.mark.usefixtures("two_species")

CASES = [
    ("4.0", "", False),
    ("3.0", "", True),
    ("4.0", "current", False),
    ("4.0", "1.0ld", True),
    ("3.0", "1.0ld", True),
]


@pytest.fixture
def version() -> str:
    """A scheme's version."""
    with transaction("senterica") as session:
        return nomenclature.import_scheme(session, "old", "old", "old", ["a"], [("a", 1, "ACGT")], [(1, [1])])


def test_the_query_finds_what_people_are_told(version: str) -> None:
    told = {}
    with transaction("senterica") as session:
        scheme = schemes.find_scheme(session, "old")
        for number, (pipeline, of_scheme, expected) in enumerate(CASES, 800):
            results = {"scheme_version": version if of_scheme == "current" else of_scheme}
            record = assemblies.AssemblyRecord(number, pipeline, "/a", True)
            row = assemblies.record_assembly(session, record, [])
            lookups.sent(session, row.id, scheme.id, number, pipeline)
            lookups.completed(session, row.id, scheme.id, number, pipeline, results)
            told[row.id] = outdated.why(pipeline, "4.0", results["scheme_version"], version)
            assert bool(told[row.id]) is expected
        found = {row.assembly_id for row in session.scalars(outdated.outdated(scheme, "4.0"))}
        assert found == {assembly for assembly, text in told.items() if text}
        assert outdated.count(session, scheme, "4.0") == (5, 3)
        # a program that lacks the pipeline judges by the scheme only
        assert outdated.count(session, scheme, "") == (5, 2)


def test_people_are_told_both_versions() -> None:
    assert outdated.why("3.0", "4.0", "1", "2") == "outdated (3.0, current 4.0)"
    assert outdated.why("4.0", "4.0", "1.ab", "2.cd") == "outdated (scheme 1.ab, current 2.cd)"
    assert outdated.why("4.0", "", "", "2.cd") == ""
