"""Limits of the QA for any species: whose they are, how they are written, and what cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crobot_errors import BadInput
from workers.assembling.limits import USUAL, as_dict, choose, of_dict, parsed, thresholds_of
from workers.assembling.qa import SALMONELLA, THRESHOLDS


@pytest.mark.parametrize(
    ("label", "genus", "references", "bases", "source"),
    [
        ("Salmonella enterica", "Salmonella", [], (4_000_000, 5_800_000), "those of the genus Salmonella"),
        ("Campylobacter jejuni", "Campylobacter", [9], (1_500_000, 2_000_000), "range for Campylobacter jejuni"),
        ("Campylobacter jejuni subsp. doylei", "Campylobacter", [], (1_500_000, 2_000_000), "QualiBact's range for"),
        ("Campylobacter showae", "Campylobacter", [], (1_400_000, 2_200_000), "range for 4 species of Campylobacter"),
        ("Wolbachia pipientis", "Wolbachia", [1_000_000, 1_500_000], (850_000, 1_725_000), "by 2 reference genomes"),
    ],
)  # fmt: skip
def test_limits_are_those_of_the_genus_published_or_by_the_references(
    label: str, genus: str, references: list[int], bases: tuple[int, int], source: str
) -> None:
    found, whose = choose(label, genus, "", references)
    assert (found.min_bases, found.max_bases) == bases
    assert source in whose


def test_given_limits_are_taken_and_what_they_leave_out_is_as_usual() -> None:
    found, whose = choose("Wolbachia pipientis", "Wolbachia", "bases=1M-1.7M, n50=5k", [])
    assert found == replace(USUAL, min_bases=1_000_000, max_bases=1_700_000, n50_above=5_000)
    assert whose == "given"
    found, _ = choose("Salmonella enterica", "Salmonella", "contigs=200", [])
    assert found == replace(SALMONELLA, contigs_below=200)


def test_of_what_nothing_is_known_the_way_out_is_named() -> None:
    with pytest.raises(BadInput, match=r"'Wolbachia sp.' are: give --qa bases=.* or a --reference genome"):
        choose("Wolbachia sp.", "Wolbachia", "", [])
    with pytest.raises(BadInput, match="lack bases"):
        choose("Wolbachia sp.", "Wolbachia", "n50=5k", [])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("base=1M-2M", "not understood at 'base=1M-2M': write them as bases="),
        ("n50=5k,n50=6k", "not understood at 'n50=6k'"),
        ("", "not understood at ''"),
        ("bases=2M", "bases is '2M', and must be a range"),
        ("bases=2M-1M", "2,000,000 to 1,000,000: the smaller number comes first"),
        ("bases=1M-2G", "bases is '2G', which is no number"),
        ("bases=1M-200M", "the limit bases is 200000000.0: it must be a number from 0 to 20,000,000"),
        ("n=101", "the limit n is 101.0: it must be a number from 0 to 100"),
        ("species=-1", "species is '-1', which is no number"),
    ],
)
def test_limits_that_cannot_be_are_named(text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        parsed(text, USUAL)


@pytest.mark.parametrize("limits", THRESHOLDS.values())
def test_a_job_gets_limits_in_a_form_that_gives_them_back(limits: object) -> None:
    assert of_dict(as_dict(limits)) == limits
    assert thresholds_of({"genus": "Wolbachia", "limits": as_dict(limits)}) == limits


@pytest.mark.parametrize(
    ("params", "why"),
    [
        (
            {"genus": "Wolbachia"},
            "no QA thresholds for the genus 'Wolbachia'; known are .* `crobot species limits`",
        ),
        ({"genus": ["x"]}, r"no QA thresholds for the genus \['x'\]"),
        ({"genus": "Salmonella", "limits": "all"}, "the parameter limits is 'all'"),
        ({"genus": "Salmonella", "limits": {}}, "not nothing"),
        ({"genus": "Salmonella", "limits": as_dict(SALMONELLA) | {"bases": 5}}, "the limit bases is 5"),
        ({"genus": "Salmonella", "limits": as_dict(SALMONELLA) | {"n50": "5"}}, "the limit n50 is '5'"),
        ({"genus": "Salmonella", "limits": as_dict(SALMONELLA) | {"n50": True}}, "the limit n50 is True"),
    ],
)
def test_a_job_without_limits_is_refused(params: dict[str, object], why: str) -> None:
    with pytest.raises(BadInput, match=why):
        thresholds_of(params)
