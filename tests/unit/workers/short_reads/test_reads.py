"""Read sets as they are sent: what the head accepts, and how it says what is wrong."""

from __future__ import annotations

import gzip
import random
import zlib
from pathlib import Path

import pytest

from crobot_errors import BadAccession, BadPath, BadReads
from workers.short_reads import reads

RECORD = "@run.{n}/{mate}\n{bases}\n+\n{quality}\n"


def write(path: Path, mate: int, count: int = 10, bases: str = "ACGTACGT", packed: bool = False) -> str:
    """A FASTQ file of ``count`` reads, different for each mate."""
    bases = bases if mate == 1 else bases[::-1]
    text = "".join(RECORD.format(n=n, mate=mate, bases=bases, quality="I" * len(bases)) for n in range(count))
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    return str(path)


@pytest.fixture
def pair(tmp_path: Path) -> list[str]:
    return [write(tmp_path / "a_1.fastq", 1), write(tmp_path / "a_2.fastq.gz", 2, packed=True)]


def test_a_pair_of_plain_and_packed_files_is_accepted(tmp_path: Path, pair: list[str]) -> None:
    reads.check_read_sets([pair], [tmp_path])


@pytest.mark.parametrize("accession", ["ERR123456", "SRR1234567890", "DRR000001"])
def test_run_accessions_are_accepted(accession: str) -> None:
    reads.check_read_sets([[accession]], [])


@pytest.mark.parametrize(
    "accession",
    ["ERR12345", "err123456", "../ERR123456", "ERR123456;id", "ERR123456\n", "$(id)", "", "ERX123456"],
)
def test_anything_else_is_no_accession(accession: str) -> None:
    with pytest.raises(BadAccession, match="not a run accession"):
        reads.check_read_sets([[accession]], [])


def test_no_reads_at_all_are_refused() -> None:
    with pytest.raises(BadReads, match="no reads"):
        reads.check_read_sets([], [])


def test_a_read_set_given_twice_is_refused() -> None:
    with pytest.raises(BadReads, match="twice"):
        reads.check_read_sets([["ERR123456"], ["ERR123456"]], [])


@pytest.mark.parametrize("read_set", ["ERR123456", [1, 2], None])
def test_what_is_no_list_of_texts_is_refused(read_set: object) -> None:
    with pytest.raises(BadReads, match="read set"):
        reads.check_read_sets([read_set], [])  # type: ignore[list-item]


def test_one_file_alone_is_refused(tmp_path: Path, pair: list[str]) -> None:
    with pytest.raises(BadReads, match="this has 1"):
        reads.check_read_sets([pair[:1]], [tmp_path])


def test_files_outside_the_roots_are_refused_also_through_links(tmp_path: Path, pair: list[str]) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(pair[0])
    for text in (pair[0], str(inside / "link"), f"{inside}/../a_1.fastq"):
        with pytest.raises(BadPath, match="outside"):
            reads.checked_pair([text, pair[1]], [inside])


def test_a_missing_file_is_refused(tmp_path: Path, pair: list[str]) -> None:
    with pytest.raises(BadPath, match="does not exist"):
        reads.checked_pair([str(tmp_path / "none.fastq"), pair[1]], [tmp_path])


def test_a_directory_is_refused(tmp_path: Path, pair: list[str]) -> None:
    with pytest.raises(BadPath, match="not a regular file"):
        reads.checked_pair([str(tmp_path), pair[1]], [tmp_path])


def test_an_empty_file_is_refused(tmp_path: Path, pair: list[str]) -> None:
    Path(pair[0]).write_bytes(b"")
    with pytest.raises(BadPath, match="empty"):
        reads.checked_pair(pair, [tmp_path])


def test_a_packed_file_without_reads_is_refused(tmp_path: Path, pair: list[str]) -> None:
    Path(pair[0]).write_bytes(gzip.compress(b""))
    with pytest.raises(BadReads, match="no reads in it"):
        reads.checked_pair(pair, [tmp_path])


@pytest.mark.parametrize(
    "content", [b">contig\nACGT\n", b"@r\nACGT\n+\nIII\n", b"@r\nACGT\n", b"\0\1\2\3" * 9]
)
def test_what_does_not_begin_as_fastq_is_refused(tmp_path: Path, pair: list[str], content: bytes) -> None:
    Path(pair[0]).write_bytes(content)
    with pytest.raises(BadReads, match="not FASTQ"):
        reads.checked_pair(pair, [tmp_path])


def test_a_small_truncated_gzip_file_is_refused(tmp_path: Path, pair: list[str]) -> None:
    whole = Path(pair[1]).read_bytes()
    Path(pair[1]).write_bytes(whole[:-9])
    with pytest.raises(BadReads, match="truncated or damaged"):
        reads.checked_pair(pair, [tmp_path])


#: the empty block that marks the end of BGZF
END_MARK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def block(content: bytes) -> bytes:
    """A block of BGZF."""
    packed = zlib.compress(content, 1, wbits=-15)
    begin = bytes.fromhex("1f8b08040000000000ff060042430200") + (len(packed) + 25).to_bytes(2, "little")
    return begin + packed + zlib.crc32(content).to_bytes(4, "little") + len(content).to_bytes(4, "little")


@pytest.fixture
def blocks(tmp_path: Path) -> bytes:
    """A file of BGZF that is too large to be read through on the head."""
    chance = random.Random(1)
    records = (
        f"@run.{n}/2\n{''.join(chance.choices('ACGT', k=2000))}\n+\n{'I' * 2000}\n" for n in range(2500)
    )
    content = "".join(records).encode()
    found = b"".join(block(content[at : at + 60_000]) for at in range(0, len(content), 60_000))
    assert len(found) > reads.SMALL_BYTES
    return found


@pytest.mark.parametrize("end", [b"", END_MARK, gzip.compress(b"@run.9/2\nA\n+\nI\n" * 9000)])
def test_block_gzip_is_complete_with_its_end_mark_without_it_and_with_more_behind(
    tmp_path: Path, pair: list[str], blocks: bytes, end: bytes
) -> None:
    Path(pair[1]).write_bytes(blocks + end)
    assert reads.checked_pair(pair, [tmp_path]).read2 == Path(pair[1])


@pytest.mark.parametrize("cut", [1, 9, 1000, 20_000])
def test_block_gzip_whose_last_block_is_incomplete_is_refused(
    tmp_path: Path, pair: list[str], blocks: bytes, cut: int
) -> None:
    Path(pair[1]).write_bytes(blocks[:-cut])
    with pytest.raises(BadReads, match="its last block is incomplete"):
        reads.checked_pair(pair, [tmp_path])


def test_block_gzip_whose_last_block_is_damaged_is_refused(
    tmp_path: Path, pair: list[str], blocks: bytes
) -> None:
    Path(pair[1]).write_bytes(blocks[:-100] + bytes([blocks[-100] ^ 255]) + blocks[-99:])
    with pytest.raises(BadReads, match="its last block is incomplete"):
        reads.checked_pair(pair, [tmp_path])


def test_the_same_file_twice_is_refused(tmp_path: Path, pair: list[str]) -> None:
    (tmp_path / "link").symlink_to(pair[0])
    with pytest.raises(BadReads, match="same file"):
        reads.checked_pair([pair[0], str(tmp_path / "link")], [tmp_path])


def test_a_copy_of_the_same_mate_is_refused(tmp_path: Path, pair: list[str]) -> None:
    with pytest.raises(BadReads, match="same mate"):
        reads.checked_pair([pair[0], write(tmp_path / "copy", 1, bases="GGGG")], [tmp_path])


def test_mates_in_the_wrong_order_are_refused(tmp_path: Path, pair: list[str]) -> None:
    with pytest.raises(BadReads, match="other order"):
        reads.checked_pair(pair[::-1], [tmp_path])


def test_files_of_different_runs_are_refused(tmp_path: Path, pair: list[str]) -> None:
    other = tmp_path / "other"
    other.write_text("@another.0/2\nACGT\n+\nIIII\n")
    with pytest.raises(BadReads, match="do not pair"):
        reads.checked_pair([pair[0], str(other)], [tmp_path])


@pytest.mark.parametrize(
    ("header1", "header2", "mates"),
    [
        (b"a/1", b"a/2", True),
        (b"a 1:N:0:AC", b"a 2:N:0:AC", True),
        (b"SRR1.1 1 length=150", b"SRR1.1 1 length=150", True),
        (b"SRR1.7.1 x", b"SRR1.7.2 x", True),
        (b"a/1", b"b/2", False),
        (b"read1", b"read2", False),
        (b"a/2", b"a/1", False),
        (b"", b"", True),
    ],
)
def test_mates_are_recognised_by_their_names(header1: bytes, header2: bytes, mates: bool) -> None:
    assert reads.are_mates(header1, header2) is mates
