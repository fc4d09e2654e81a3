"""Texts that job classes make: GFF with numbers, and which measures failed."""

from __future__ import annotations

import string

import pytest

from crobot_tasks.jobs.assembly import failed_measures
from crobot_tasks.jobs.base import digest
from crobot_tasks.jobs.nomenclature import with_numbers
from db.species.gff_index import WIDTH, encode
from db.species.gff_index import place as read
from workers.nomenclature.alleles import Call, Status
from workers.nomenclature.gff import gff_lines
from workers.nomenclature.places import Place

GFF = (
    "##gff-version 3\n"
    "c1\tcrobot\tsequence_feature\t1\t9\t0.9\t+\t.\tID=x_aroC;locus=aroC;allele=new;status=new;sha256=ab\n"
    "c1\tcrobot\tsequence_feature\t20\t29\t1.0\t-\t.\tID=x_dnaN;locus=dnaN;allele=3;status=exact\n"
)


def test_a_new_allele_gets_its_number_and_all_else_stays() -> None:
    assert with_numbers(GFF, {"aroC": 1_000_001}) == GFF.replace("allele=new", "allele=1000001")


def test_without_new_alleles_the_text_stays_as_it_is() -> None:
    assert with_numbers(GFF, {}) == GFF
    assert with_numbers(GFF, {"hemD": 9}) == GFF


def test_an_allele_that_was_renumbered_gets_the_published_number() -> None:
    local = GFF.replace("allele=3", "allele=1000001")
    assert with_numbers(local, {"dnaN": 55}) == GFF.replace("allele=3", "allele=55")


@pytest.mark.parametrize("mark", [*string.punctuation, " ", "é"])
def test_a_locus_gets_its_number_whatever_marks_the_file_escapes_in_its_name(mark: str) -> None:
    names = [f"p{mark}120", f"p120{mark}", "plain"]
    place = Place("k;1", 9, 12, "+", "ATG", None, 0.9, 1.0, whole=True, broken=False)
    lines = gff_lines([Call(name, Status.NEW, (place,)) for name in names], {"k;1": 99}, "X")
    text = with_numbers("\n".join(lines), {name: 1_000_000 + at for at, name in enumerate(names)})
    found = encode(text, names)
    records = (found.records[at : at + WIDTH] for at in range(0, len(found.records), WIDTH))
    assert [read(record, found.contigs[0]).allele for record in records] == [1_000_000, 1_000_001, 1_000_002]
    assert "allele=new" not in text


def test_failed_measures_name_value_and_limit() -> None:
    measures = [
        {"measure": "bases", "value": 5, "limit": "4 to 9", "unit": "bp", "passed": True},
        {"measure": "N50", "value": 900, "limit": "> 20000", "unit": "bp", "passed": False},
        {"measure": "contigs", "value": 700, "limit": "< 600", "unit": "", "passed": False},
        {"measure": "species", "value": None, "limit": "not checked", "unit": "%", "passed": None},
    ]
    assert failed_measures({"measures": measures}) == "N50 900 bp (limit > 20000); contigs 700 (limit < 600)"


def test_a_digest_depends_on_values_and_not_on_the_order_of_names() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest([["x"]]) != digest([["y"]])
