"""Texts that job classes make: GFF with numbers, and which measures failed."""

from __future__ import annotations

from crobot_tasks.jobs.assembly import failed_measures
from crobot_tasks.jobs.base import digest
from crobot_tasks.jobs.nomenclature import with_numbers

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
