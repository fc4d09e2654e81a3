"""A user's query: what is searched of it, and how each kind of wrong one is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from crobot_errors import BadQuery
from workers.nomenclature.query import MOST_BASES, SHORTEST, fasta, parse_query, read_query_text

BASES = "ACGTACGTAC" * 4


def test_bare_and_fasta_in_any_case_and_with_any_line_ends_are_the_same_sequence() -> None:
    bare = parse_query(f"{BASES[:20]} \r\n{BASES[20:].lower()}\r\n")
    named = parse_query(f"\ufeff>query of mine\r{BASES[:7]}\r{BASES[7:]}")
    assert [record.sequence for record in bare] == [record.sequence for record in named] == [BASES]
    assert (bare[0].name, fasta(named)) == ("query", f">query\n{BASES}\n")


def test_ambiguity_codes_stay_and_u_is_t() -> None:
    (record,) = parse_query("ACGU" * 10 + "NRY")
    assert record.sequence == "ACGT" * 10 + "NRY"


def test_a_query_of_100_kb_is_taken() -> None:
    assert len(parse_query("ACGT" * 25_000)[0].sequence) == 100_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the query is empty"),
        (" \r\n", "the query is empty"),
        (">a\n>b\n" + BASES, "'a' (line 1) is empty"),
        (">\n" + BASES, "line 1 has no name"),
        ("MKLVINGKTLKGEITVEAVDAATAEKVFKQY", "is this a protein"),
        ("KRSWMKRSWMKRSWMKRSWMKRSWMKRSWMKRSW", "are A, C, G or T; is this a protein?"),
        ("ACGT-" * 10, "'-' is no nucleotide"),
        ("A" * (SHORTEST - 1), f"has {SHORTEST - 1} bases: {SHORTEST} at least"),
        (f">a\n{BASES}\n>a\n{BASES}", "line 3: there are two sequences 'a'"),
        ("A" * (MOST_BASES + 1), "search it in parts"),
        ("A" * (4 * MOST_BASES), "the query is too long"),
    ],
)
def test_a_wrong_query_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(BadQuery) as told:
        parse_query(text)
    assert message in str(told.value)


def test_files_are_read_plain_and_gzipped_and_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "query.fasta.gz"
    path.write_bytes(gzip.compress(BASES.encode()))
    assert read_query_text(path) == BASES
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(BadQuery, match="damaged or not text"):
        read_query_text(path)
    with pytest.raises(BadQuery, match="there is no file"):
        read_query_text(tmp_path / "nothing")
