"""GrapeTree on real profiles: sequence types that are known to be near each other are, and thousands fit."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from crobot_errors import AttemptError
from demo.data import LOCI, DemoData
from tests.running import run_pipeline
from tests.truth.table import Truth
from workers.nomenclature.profile_table import read_profiles
from workers.trees import newick
from workers.trees.profiles import write_profiles, write_values

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600), pytest.mark.usefixtures("grapetree")]

Rows = list[tuple[str, list[int]]]


@pytest.fixture(scope="module")
def sequence_types(demo_data: DemoData) -> Rows:
    """All of the scheme's, by number."""
    found = read_profiles(demo_data.profiles, list(LOCI))
    return [(str(st), [alleles[locus] for locus in LOCI]) for st, alleles, _ in found]


def tree(
    tmp_path: Path, rows: Rows, method: str = "MSTreeV2", shown: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return results and nodes, coloured by what is ``shown`` of each; every file is there."""
    path = tmp_path / "profiles.tsv"
    write_profiles(
        path, [f"l{at}" for at in range(len(rows[0][1]))], ((name, name, row) for name, row in rows)
    )
    params = {"method": method, "profiles": len(rows), "scheme": "MLST"}
    inputs = {"profiles": str(path)}
    if shown is not None:
        write_values(tmp_path / "shown.tsv", shown)
        inputs, params = inputs | {"shown": str(tmp_path / "shown.tsv")}, params | {"shown_by": "colour"}
    report = run_pipeline("ms_tree", tmp_path, inputs=inputs, params=params)
    files = {name: Path(path) for name, path in report["outputs"].items()}
    assert files["svg"].read_text().lstrip().startswith("<?xml")
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    leaves = [one.name for one in newick.parse(files["nwk"].read_text()).postorder() if not one.children]
    assert sorted(leaves) == sorted(name for name, _ in rows)
    return report["results"], json.loads(files["json"].read_text())


def test_each_edge_of_a_minimum_spanning_tree_is_the_distance_of_its_profiles(
    tmp_path: Path, sequence_types: Rows, truth: Truth
) -> None:
    rows = sequence_types[:60]
    results, shown = tree(tmp_path, rows)
    assert (results["profiles"], results["different_profiles"], results["loci"]) == (60, 60, 7)
    alleles = dict(rows)
    names = {node["id"]: node["assemblies"][0] for node in shown["nodes"]}
    right = 0
    for edge in shown["edges"]:
        pair = zip(alleles[names[edge["source"]]], alleles[names[edge["target"]]], strict=True)
        right += edge["distance"] == sum(one != other for one, other in pair)
    assert len(shown["edges"]) == 59
    truth.says(
        "Salmonella, 60 sequence types: edges of the tree with the distance of their profiles",
        59,
        right,
        source="the profiles themselves",
    )


def test_each_profile_keeps_what_is_shown_of_it_and_the_picture_has_a_legend(
    tmp_path: Path, sequence_types: Rows
) -> None:
    rows = sequence_types[:60]
    twins = [(f"twin of {name}", alleles) for name, alleles in rows[:5]]
    values = {name: f"aroC {alleles[0]}" for name, alleles in rows} | {name: "twin" for name, _ in twins}
    del values[rows[-1][0]]
    _, shown = tree(tmp_path, [*rows, *twins], shown=values)
    assert shown["shown_by"] == "colour"
    for node in shown["nodes"]:
        assert node["shown"] == [values.get(name, "") for name in node["assemblies"]]
    assert ["aroC 1", "twin"] in [node["shown"] for node in shown["nodes"]]


def test_names_in_newick_are_labels_made_safe(tmp_path: Path) -> None:
    path = tmp_path / "profiles.tsv"
    write_profiles(path, ["l"], [("A1", "Berlin 1/26", [1]), ("B2", "Berlin (1_26)", [2]), ("C3", "c", [3])])
    params = {"names": "strain"}
    report = run_pipeline("ms_tree", tmp_path, inputs={"profiles": str(path)}, params=params)
    root = newick.parse(Path(report["outputs"]["nwk"]).read_text())
    assert {leaf.name for leaf in root.leaves()} == {"Berlin_1_26_A1", "Berlin_1_26_B2", "c"}


@pytest.mark.parametrize("method", ["MSTreeV2", "NJ"])
def test_relatives_come_together_and_equal_profiles_are_one_node(tmp_path: Path, method: str) -> None:
    near = [[1] * 20, [1] * 19 + [2], [1] * 18 + [2, 2]]
    far = [[5] * 20, [5] * 19 + [6], [5] * 20]
    rows = [(f"g{at}", row) for at, row in enumerate([*near, *far])]
    results, shown = tree(tmp_path, rows, method)
    assert results["different_profiles"] == 5
    assert ["g3", "g5"] in [node["assemblies"] for node in shown["nodes"]]
    longest = max(shown["edges"], key=lambda edge: edge["distance"])
    # in an NJ tree the way between the groups goes over inner nodes
    assert longest["distance"] > (15 if method == "MSTreeV2" else 8)


def test_profiles_that_are_all_the_same_and_missing_alleles(tmp_path: Path) -> None:
    results, shown = tree(tmp_path, [("a", [1, 2, 0]), ("b", [1, 2, 0])])
    assert (results["different_profiles"], results["longest_edge"], results["missing_alleles"]) == (1, 0, 2)
    assert len(shown["nodes"]) == 1


def test_a_table_that_is_damaged_fails_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "profiles.tsv"
    path.write_text("#Name\ta\tb\nx\t1\t2\ny\t1\n")
    with pytest.raises(AttemptError, match=r"line 3 \('y'\): 2 columns, and the header has 3"):
        run_pipeline("ms_tree", tmp_path, inputs={"profiles": str(path)}, params={})


def test_thousands_of_profiles(tmp_path: Path, sequence_types: Rows, truth: Truth) -> None:
    chosen = random.Random(1).sample(sequence_types, 3000)
    results, shown = tree(tmp_path, chosen)
    truth.says(
        "Salmonella, 3,000 sequence types: nodes, edges of the tree",
        "3000, 2999",
        f"{results['different_profiles']}, {len(shown['edges'])}",
        source="all profiles differ",
    )
