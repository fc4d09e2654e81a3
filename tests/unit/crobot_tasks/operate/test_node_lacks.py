"""What nodes do not offer is said once a reason."""

from __future__ import annotations

from crobot_tasks.operate.node_lacks import in_words

OFFERED = {"probe": "1.0"}


def test_nodes_that_lack_the_same_for_the_same_reason_are_told_of_together() -> None:
    lack = {"CRISPR": "no pilercr", "SeroPred": "no sistr", "prokka": "no pilercr"}
    assert in_words({"a": (OFFERED, lack), "b": (OFFERED, lack), "c": (OFFERED, {})}) == [
        "a, b do not offer CRISPR, prokka: no pilercr",
        "a, b do not offer SeroPred: no sistr",
    ]


def test_a_node_that_stops_offers_nothing() -> None:
    stopping = dict.fromkeys(("probe", "CRISPR"), "the node is stopping")
    assert in_words({"a": ({}, stopping)}) == ["a offers nothing: the node is stopping"]
