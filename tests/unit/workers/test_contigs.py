"""Assemblies that were sent: what is no nucleotide FASTA is refused, and whatever is one is read."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from crobot_errors import BadInput
from workers.contigs import checksum, circular_contigs, fasta_text, read_assembly


def test_a_protein_whose_letters_are_all_nucleotide_codes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "protein.fasta"
    path.write_text(">p\n" + "MKTAYHSDRNGVSWTAVKSGWVMTDG\n" * 10)
    with pytest.raises(BadInput, match=r"only \d+ of 250 letters are A, C, G or T; is this a protein"):
        read_assembly(path)


def test_gaps_make_no_protein_of_a_scaffold(tmp_path: Path) -> None:
    path = tmp_path / "scaffold.fasta"
    path.write_text(">s\nACGTR" + "N" * 100 + "ACGT\n")
    assert read_assembly(path) == {"s": "ACGTR" + "N" * 100 + "ACGT"}


def test_lower_case_line_ends_of_windows_and_gzip_make_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "any.fasta"
    path.write_bytes(gzip.compress(b">a first\r\nacgu\r\nACGT\r\n"))
    assert read_assembly(path) == {"a": "ACGTACGT"}


def test_garbage_behind_a_gzip_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "trailing.fasta.gz"
    path.write_bytes(gzip.compress(b">a\nACGT\n") + b"garbage")
    with pytest.raises(BadInput, match=r"trailing\.fasta\.gz cannot be read to its end"):
        read_assembly(path)


@pytest.mark.parametrize(
    ("text", "said"), [(">k\nAC\n>k x\nGT\n", "two contigs 'k'"), (">\nACGT\n", "has no name")]
)
def test_contigs_without_a_name_of_their_own_are_refused_with_the_way_out(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "twice.fasta"
    path.write_text(text)
    with pytest.raises(BadInput, match=f"{said}; .*--rename"):
        read_assembly(path)


def test_renaming_gives_contigs_names_of_their_own_and_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "twice.fasta"
    path.write_text(">k\nAC\n>k.2\nAG\n>k other\nAT\n>\nCA\n>m\nCC\n>\nCG\n")
    assert read_assembly(path, rename=True) == {
        "k": "AC", "k.2": "AG", "k.3": "AT", "contig": "CA", "m": "CC", "contig.2": "CG"
    }  # fmt: skip


def test_contigs_are_circular_whose_headers_say_so(tmp_path: Path) -> None:
    path = tmp_path / "rings.fasta"
    headers = (
        "a length=8 circular=true",
        "b [topology=circular]",
        "c topology=linear",
        "d circular=false",
        "e",
    )
    path.write_text("".join(f">{header}\nACGT\n" for header in headers) + ">empty circular=true\n")
    contigs = read_assembly(path)
    assert circular_contigs(path, contigs) == {"a", "b"}


def test_what_is_circular_is_written_behind_the_name_and_is_no_part_of_the_checksum(tmp_path: Path) -> None:
    contigs, path = {"a": "ACGT", "b": "GGCC"}, tmp_path / "written.fasta"
    path.write_text(fasta_text(contigs, {"b"}))
    assert read_assembly(path) == contigs
    assert circular_contigs(path, contigs) == {"b"}
    assert checksum(read_assembly(path)) == checksum(contigs)
