"""Importing schemes: without a table of profiles, and files that cannot be right, of which nothing is stored."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crobot_errors import BadInput
from crobot_tasks.jobs.scheme_export import import_scheme
from db.engine import transaction
from db.nomenclature import export, number_profile
from db.species import Allele, Scheme

pytestmark = pytest.mark.usefixtures("two_species")

ALLELES = {"a.fasta": b">a_1\nATGAAATAA\n>a_2\nATGAACTAA\n", "b.fasta": b">b_1\nATGCCCTAA\n"}
PROFILES = b"ST\ta\tb\n1\t1\t1\n"


@pytest.fixture(autouse=True)
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A storage of the test's own."""
    (tmp_path / "storage").mkdir()
    monkeypatch.setattr("crobot_tasks.jobs.scheme_export.storage_root", lambda: tmp_path / "storage")


def files(folder: Path, alleles: dict[str, bytes]) -> list[Path]:
    for name, content in alleles.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in alleles]


def stored() -> tuple[int, int]:
    with transaction("ecoli") as session:
        return tuple(session.scalar(select(func.count(model.id))) for model in (Scheme, Allele))


def test_a_scheme_without_profiles_numbers_its_sequence_types_here(tmp_path: Path) -> None:
    alleles = files(tmp_path, ALLELES | {"lower.fasta": b">lower_1\r\natgaaataa\r\n"})
    import_scheme("senterica", "cg", "cg", "cg", alleles)
    with transaction("senterica") as session:
        number = number_profile(session, "cg", {"a": 2, "b": 1, "lower": 1}).number
    assert number == 1_000_001


def test_alleles_named_by_checksums_are_numbered_here_and_keep_their_numbers(tmp_path: Path) -> None:
    (first,) = files(
        tmp_path, {"one.fasta": b">x|9f86\nATGAAATAA\n>y.1|4294967295\nATG\n>x|d081\nATGAACTAA\n"}
    )
    (later,) = files(
        tmp_path, {"two.fasta": b">x|aaaa\nATGACCTAA\n>y.1|4294967295\natg\n>x|9f86\nATGAAATAA\n"}
    )
    for file in (first, first, later):
        import_scheme("senterica", "hashed", "hashed", "hashed", [file], number_here=True)
    with transaction("senterica") as session:
        alleles = list(export(session, "hashed").alleles)
    assert alleles == [
        ("x", 1_000_001, "ATGAAATAA"),
        ("x", 1_000_002, "ATGAACTAA"),
        ("x", 1_000_003, "ATGACCTAA"),
        ("y.1", 1_000_001, "ATG"),
    ]


def test_a_checksum_taken_for_a_number_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (file,) = files(tmp_path, {"one.fasta": b">x|4294967295\nATG\n"})
    with pytest.raises(BadInput, match="published numbers are 1 to 1000000.*--number-here"):
        import_scheme("ecoli", "sums", "sums", "sums", [file])
    (tmp_path / "p.txt").write_bytes(PROFILES)
    with pytest.raises(BadInput, match="p.txt names alleles by numbers"):
        import_scheme("ecoli", "sums", "sums", "sums", [file], tmp_path / "p.txt", number_here=True)


@pytest.mark.parametrize(
    ("alleles", "profiles", "said"),
    [
        ({"b.fasta": b""}, PROFILES, "b.fasta is empty"),
        ({}, b"ST\ta\n1\t1\n", "p.txt has no column for b; it has ST, a"),
        ({"a.fasta": b">a_1\nATG\n>a_1\nATC\n"}, PROFILES, "line 3: allele 1 of a was already given in .*line 1"),
        ({"a.fasta": b">a_1\nMKLV\n"}, PROFILES, r"line 1 \(a_1\): 'L' is no nucleotide"),
        ({"a.fasta": gzip.compress(b">a_1\nATG\n") + b"trailing"}, PROFILES, "a.fasta cannot be read to its end"),
        ({}, b"ST\ta\tb\n1\t1\tx\n", "line 2: 'x' in column b is not a number"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_right_are_named_and_nothing_is_stored(
    tmp_path: Path, alleles: dict[str, bytes], profiles: bytes, said: str
) -> None:
    before = stored()
    paths = files(tmp_path, ALLELES | alleles)
    (tmp_path / "p.txt").write_bytes(profiles)
    with pytest.raises(BadInput, match=said):
        import_scheme("ecoli", "bad", "bad", "bad", paths, tmp_path / "p.txt")
    assert stored() == before
    assert not list((tmp_path / "storage").rglob("scheme.json"))
