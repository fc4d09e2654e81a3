"""Names of genomes in files: safe in Newick and FASTA, and never the same."""

from __future__ import annotations

import pytest

from crobot_errors import BadInput
from workers.trees import newick
from workers.trees.names import SAFE, check_names, file_names


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("SL483", "SL483"),
        ("O157:H7 (clinical), no. 3", "O157_H7_clinical_no._3"),
        ("Zürich 'A'", "Zurich_A"),
        ("大阪", "K"),
        ("", "K"),
        ("a\tb\n>c", "a_b_c"),
    ],
)
def test_a_name_is_as_near_to_the_label_as_files_allow(label: str, name: str) -> None:
    (found,) = file_names({"K": label}).values()
    assert found == name
    # no quotes are needed
    assert newick.quoted(found) == found


@pytest.mark.parametrize(
    "labels",
    [
        {"A1": "x y", "B2": "x_y", "C3": "X(Y)"},
        {"A1": "same", "B2": "same"},
        # a label that looks as another is told apart
        {"A1": "x", "B2": "x", "C3": "x_A1", "D4": "x_A1"},
        # a strain that is called as another's barcode
        {"A1": "A1", "B2": "A1", "C3": "B2"},
        {"A1": "", "B2": "A1"},
        {"A1": "y" * 200, "B2": "y" * 200 + "z"},
    ],
)
def test_names_are_unique_in_any_case(labels: dict[str, str]) -> None:
    names = file_names(labels)
    assert list(names) == list(labels)
    assert len({name.casefold() for name in names.values()}) == len(labels)
    assert all(SAFE.fullmatch(name) for name in names.values())
    assert check_names(names) == names


@pytest.mark.parametrize("names", [{"a": "x y"}, {"a": "x", "b": "x"}, {"a": 1}, ["a"], {"a": ""}])
def test_other_names_are_refused(names: object) -> None:
    with pytest.raises(BadInput, match="name"):
        check_names(names)
