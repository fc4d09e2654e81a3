"""Allele positions as records: any text comes back letter by letter, and a record says what its line says."""

from __future__ import annotations

import random

import pytest

from db.species.gff_index import WIDTH, Place, decode, encode, place, place_in_text
from workers.nomenclature.alleles import Call, Status
from workers.nomenclature.gff import gff_lines
from workers.nomenclature.places import Place as Found

LOCI = [f"STMMW_{number:05}" for number in range(200)]
CONTIGS = {f"SAL_AA0001AA_AS_{number}": 50_000 for number in range(1, 9)}


def a_text(loci: list[str] = LOCI) -> str:
    """What the node writes: a few new, missing, doubled and broken loci among exact ones."""
    chance = random.Random(1)
    return "".join(
        f"{line}\n" for line in gff_lines((_call(chance, locus) for locus in loci), CONTIGS, "P_AS")
    )


def _call(chance: random.Random, locus: str) -> Call:
    status = chance.choice(
        [*[Status.EXACT] * 8, Status.NEW, Status.MISSING, Status.DUPLICATED, Status.FRAGMENTED]
    )
    copies = {Status.MISSING: 0, Status.DUPLICATED: 3}.get(status, 1)
    return Call(locus, status, tuple(_found(chance, status) for _ in range(copies)))


def _found(chance: random.Random, status: Status) -> Found:
    start, length = chance.randrange(40_000), chance.randrange(90, 3_000)
    return Found(
        number=chance.randrange(1, 2_000_000) if status is Status.EXACT else None,
        contig=chance.choice(list(CONTIGS)),
        start=start,
        end=start + length,
        strand=chance.choice("+-"),
        sequence="ACGT" * 20,
        identity=1.0 if status is Status.EXACT else chance.uniform(0.8, 1),
        coverage=1.0,
        whole=status is not Status.FRAGMENTED,
        broken=status is Status.FRAGMENTED,
    )


def look(text: str, locus: str) -> Place | None:
    indexed, at = encode(text, LOCI), LOCI.index(locus) * WIDTH
    record = indexed.records[at : at + WIDTH]
    number = int.from_bytes(record[:2])
    return place(record, indexed.contigs[number - 1] if number else None)


def test_what_nodes_write_comes_back_and_nearly_all_of_it_from_the_records() -> None:
    text = a_text()
    indexed = encode(text, LOCI)
    assert decode(indexed, LOCI) == text
    assert len(indexed.records) == WIDTH * len(LOCI)
    plain = a_text([]) + "".join(f"{line}\n" for line in text.split("\n") if "status=exact" in line)
    assert len(encode(plain, LOCI).rest) < 80


FEATURE = (
    "c1\tcrobot\tsequence_feature\t{}\t{}\t{}\t+\t.\tID=x_STMMW_00007;locus=STMMW_00007;allele={};status={}"
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "no GFF at all",
        a_text().replace("\n", "\r\n"),
        a_text().removesuffix("\n"),
        "\n".join(reversed(a_text().split("\n"))),
        a_text() + a_text(),
        a_text().replace("\t+\t", "\t?\t"),
        a_text().replace("allele=", "allele= "),
        a_text().replace("STMMW_0000", "é_0000"),
        FEATURE.format(1, 90, "1.0000", 5, "exact"),
        FEATURE.format(1, 90, "1.0000", "new", "new"),
        FEATURE.format(1, 90, "1.0000", 2**40, "exact"),
        FEATURE.format(1, 900_000, "1.0000", 5, "exact"),
        FEATURE.format(-7, -9, "inf", 5, "exact"),
        FEATURE.format("٣", "x", "nan", 5, "odd"),
        FEATURE.format(1, 90, "1.0", "+5", "exact"),
        FEATURE.format(1, 90, ".", 5, "exact") + "\u2028\x0b\t",
    ],
)
def test_any_text_comes_back_letter_by_letter(text: str) -> None:
    assert decode(encode(text, LOCI), LOCI) == text


def test_every_record_says_what_its_line_says() -> None:
    text = a_text()
    for locus in LOCI:
        assert look(text, locus) == place_in_text(text, locus)


def test_a_record_has_position_strand_allele_and_status() -> None:
    text = FEATURE.format(11, 100, "0.9931", 1_000_001, "new")
    assert look(text, "STMMW_00007") == Place("new", 1_000_001, "c1", 11, 100, "+", 0.9931, 1)
    assert look(text, "STMMW_00008") == Place("missing")


@pytest.mark.parametrize(("end", "allele"), [(900_000, 5), (90, 2**40)])
def test_what_no_record_can_hold_is_said_by_the_text(end: int, allele: int) -> None:
    text = FEATURE.format(1, end, "1.0000", allele, "exact")
    assert look(text, "STMMW_00007") is None
    assert place_in_text(text, "STMMW_00007") == Place("exact", allele, "c1", 1, end, "+", 1.0, 1)
