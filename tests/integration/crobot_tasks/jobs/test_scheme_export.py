"""Importing schemes: without a table of profiles, and files that cannot be right, of which nothing is stored."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import func, select, text

from crobot_errors import BadInput
from crobot_tasks.jobs.scheme_export import import_scheme
from db.engine import transaction
from db.nomenclature import export, number_alleles, number_profile, published_ids
from db.species import Allele, Scheme
from workers.nomenclature.blemishes import Blemishes

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


TEXT_IDS = {
    "penA.fasta": b">penA_1.001\nATGAAATAA\n>penA_10.0\nATGAACTAA\n>penA_10.1\natgaactaa\n",
    "blaTEM.fa": b">blaTEM-v2\nATGCCCTAA\n",
}
TEXT_PROFILES = b"ST\tblaTEM\tpenA\n1\tv2\t1.001\n90\tv2\t10.1\n91\t0\t1.001\n"


def test_alleles_may_have_ids_of_text_which_profiles_use_and_results_show(tmp_path: Path) -> None:
    alleles = files(tmp_path, TEXT_IDS)
    (tmp_path / "p.txt").write_bytes(TEXT_PROFILES)
    for _ in range(2):
        import_scheme("senterica", "amr", "amr", "amr", alleles, tmp_path / "p.txt", number_here=True)
    with transaction("senterica") as session:
        found = {"blaTEM": 1_000_001, "penA": 1_000_002}
        assert number_profile(session, "amr", found).number == 90
        assert published_ids(session, "amr", found) == {"blaTEM": "v2", "penA": "10.0"}


def test_an_allele_that_was_found_here_gets_its_published_id_later(tmp_path: Path) -> None:
    import_scheme("senterica", "amr2", "amr2", "amr2", files(tmp_path, TEXT_IDS), number_here=True)
    with transaction("senterica") as session:
        found = number_alleles(session, "amr2", {"penA": "ATGGGGTAA"})
        assert published_ids(session, "amr2", found) == {}
    later = {"penA.fasta": TEXT_IDS["penA.fasta"] + b">penA_10.2\nATGGGGTAA\n"}
    import_scheme("senterica", "amr2", "amr2", "amr2", files(tmp_path, TEXT_IDS | later), number_here=True)
    with transaction("senterica") as session:
        assert published_ids(session, "amr2", found) == {"penA": "10.2"}
    changed = {"penA.fasta": TEXT_IDS["penA.fasta"].replace(b"AAATAA", b"AAGTAA")}
    with pytest.raises(BadInput, match=r"allele 1.001 of penA has another sequence than before"):
        import_scheme(
            "senterica", "amr2", "amr2", "amr2", files(tmp_path, TEXT_IDS | changed), number_here=True
        )


@pytest.mark.parametrize(
    ("profiles", "number_here", "said"),
    [
        (
            None,
            False,
            "penA.fasta, line 1: the id '1.001' of an allele of penA is not a number.*--number-here",
        ),
        (
            TEXT_PROFILES + b"1\tv2\t10.0\n",
            True,
            "line 5: ST 1 was already given in line 2, with another profile",
        ),
    ],
)
def test_an_id_that_is_odd_is_named_with_its_place(
    tmp_path: Path, profiles: bytes | None, number_here: bool, said: str
) -> None:
    before, table = stored(), None
    if profiles:
        table = tmp_path / "p.txt"
        table.write_bytes(profiles)
    with pytest.raises(BadInput, match=said):
        import_scheme("ecoli", "odd", "odd", "odd", files(tmp_path, TEXT_IDS), table, number_here=number_here)
    assert stored() == before


@pytest.mark.parametrize(
    ("alleles", "profiles", "said"),
    [
        ({"b.fasta": b""}, PROFILES, "b.fasta is empty"),
        ({}, b"ST\ta\n1\t1\n", r"p.txt has no column for 'b' \(.*b\.fasta, line 1\); it has ST, a. Leave out"),
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


BLEMISHED = {
    "a.fasta": b">a_2\nATGAACTAA\n>a_23\nATGAACTAA\n>a_1\nATGAAATAA\n",
    "b.fasta": b">b_1\nATGCCCTAA\n",
}
BLEMISHED_PROFILES = (
    b"ST\ta\tb\tclonal_complex\n1\t1\t1\tCC1\n2\t23\t1\t\n3\t2\t1\tCC1\n4\tN\t1\t\n5\t?\t1\t\n"
)


def test_a_published_scheme_with_blemishes_comes_in_and_the_smaller_number_is_given(tmp_path: Path) -> None:
    alleles, table = files(tmp_path, BLEMISHED), tmp_path / "p.txt"
    table.write_bytes(BLEMISHED_PROFILES)
    for _ in range(2):
        blemishes = Blemishes()
        import_scheme("senterica", "spots", "spots", "spots", alleles, table, blemishes=blemishes)
        assert len(blemishes.found) == 3
    with transaction("senterica") as session:
        assert [row[:2] for row in export(session, "spots").alleles] == [("a", 1), ("a", 2), ("b", 1)]
        assert number_profile(session, "spots", {"a": 2, "b": 1}).number == 2
    with pytest.raises(BadInput, match="allele 23 of a has the same sequence as allele 2"):
        import_scheme("ecoli", "spots", "spots", "spots", alleles, table, blemishes=Blemishes(strict=True))


def test_of_two_numbers_the_one_that_was_there_before_stays(tmp_path: Path) -> None:
    table = tmp_path / "p.txt"
    table.write_bytes(b"ST\ta\n1\t23\n")
    former, later = files(
        tmp_path, {"former.fasta": b">a_23\nATGAACTAA\n", "later.fasta": BLEMISHED["a.fasta"]}
    )
    import_scheme("senterica", "one", "one", "one", [former], table)
    blemishes = Blemishes()
    import_scheme("senterica", "one", "one", "one", [later], table, blemishes=blemishes)
    assert "23, which was there before, is taken for 2, too" in blemishes.found[-1]
    with transaction("senterica") as session:
        assert [row[1] for row in export(session, "one").alleles] == [1, 23]
        assert number_profile(session, "one", {"a": 23}).number == 1


def numbered(scheme: str, sequence: str) -> int:
    """Number an allele here, under the lock that an import takes, too."""
    with transaction("ecoli") as session:
        session.execute(text("SET LOCAL lock_timeout = '5s'"))
        return number_alleles(session, scheme, {"a": sequence})["a"]


class Slowly(Blemishes):
    """Whoever reads a file in which something is odd waits there."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go_on = Event(), Event()

    def add(self, what: str, taken: str) -> None:
        """Wait, and note it."""
        self.reached.set()
        assert self.go_on.wait(30)
        super().add(what, taken)


def test_while_files_are_read_alleles_are_numbered_all_the_same(tmp_path: Path) -> None:
    alleles, table, slowly = files(tmp_path, ALLELES), tmp_path / "profiles.txt", Slowly()
    import_scheme("ecoli", "other", "other", "other", alleles)
    table.write_bytes(PROFILES + b"1\t1\t1\n")
    with ThreadPoolExecutor() as pool:
        importing = pool.submit(import_scheme, "ecoli", "slow", "slow", "slow", alleles, table, False, slowly)
        try:
            assert slowly.reached.wait(30)
            assert numbered("other", "ATGACGTAA") > 1_000_000
        finally:
            slowly.go_on.set()
        importing.result()
    assert len(slowly.found) == 1
    with transaction("ecoli") as session:
        assert number_profile(session, "slow", {"a": 1, "b": 1}).number == 1
