"""Files that are something else are called by what they are, and no message holds what a terminal would obey."""

from __future__ import annotations

import bz2
import lzma
import pickle
from pathlib import Path

import pytest

from crobot_errors import AttemptError, BadInput, BadReads, ToolError
from workers.contigs import check_assembly, read_assembly
from workers.first_bytes import shown
from workers.nomenclature.allele_files import read_alleles
from workers.short_reads.reads import first_record

READS = b"@r/1\nACGT\n+\nIIII\n" * 100


@pytest.mark.parametrize(
    ("content", "packer"),
    [
        (bz2.compress(READS), "bzip2"),
        (lzma.compress(READS), "xz"),
        (b"PK\x03\x04" + bytes(20), "zip"),
        (b"\x28\xb5\x2f\xfd" + bytes(20), "zstd"),
    ],
)
def test_a_file_packed_otherwise_is_called_so_wherever_it_is_read(
    tmp_path: Path, content: bytes, packer: str
) -> None:
    path = tmp_path / "packed.fastq"
    path.write_bytes(content)
    for read in (first_record, check_assembly, read_assembly, lambda file: list(read_alleles([file]))):
        with pytest.raises(BadInput, match=f"is packed by {packer}: unpack it, or pack it with gzip"):
            read(path)


def test_bytes_that_are_no_text_are_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "picture.fastq"
    path.write_bytes(bytes(range(128, 256)) * 4)
    with pytest.raises(BadReads, match="is not FASTQ: it begins with bytes that are no text"):
        first_record(path)


def test_text_is_shown_in_quotes_and_cut() -> None:
    assert shown("Strain Müller 7\n".encode()) == "'Strain Müller 7'"
    assert shown(b"\x1b[31mred") == r"'\x1b[31mred'"
    assert shown(b"A" * 500) == repr("A" * 60)
    assert shown("é".encode() * 31, most=61) == repr("é" * 30)


@pytest.mark.parametrize("kind", [BadInput, ToolError, AttemptError])
def test_no_message_holds_what_a_terminal_would_obey(kind: type[Exception]) -> None:
    error = kind("locus \x1b[2J\u202e of é\nsecond\x07")
    assert str(error) == "locus \\x1b[2J\\u202e of é\nsecond\\x07"
    assert getattr(error, "message", str(error)) == str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301


def test_odd_names_in_files_are_escaped_in_messages(tmp_path: Path) -> None:
    path = tmp_path / "gap.tfa"
    path.write_text(">g\x1bp_1\nACGT\n>g\x1bp_1\nACGA\n")
    with pytest.raises(BadInput, match=r"allele 1 of g\\x1bp was already given"):
        list(read_alleles([path]))
