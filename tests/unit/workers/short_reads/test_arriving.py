"""A file that arrives in pieces is judged as soon as what is wrong with it has arrived, however it is cut."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable

import pytest

from crobot_errors import BadReads
from workers.short_reads import arriving
from workers.short_reads.arriving import Arrived, ArrivingReads

READ = b"@run.%d/1\nACGTACGTAC\n+\nIIIIIFFFFF\n"
CUTS = (1, 7, 4096)


def fastq(reads: int) -> bytes:
    return b"".join(READ % number for number in range(1, reads + 1))


def arrive(packed: bytes, cut: int = 4096) -> Arrived:
    checker = ArrivingReads("SL_1.fastq.gz")
    for at in range(0, len(packed), cut):
        checker.add(packed[at : at + cut])
    return checker.end()


def refusal(packed: bytes, cut: int = 4096) -> str:
    with pytest.raises(BadReads) as raised:
        arrive(packed, cut)
    return str(raised.value)


@pytest.mark.parametrize("cut", CUTS)
def test_reads_are_counted_and_summed_however_the_file_is_cut(cut: int) -> None:
    packed = gzip.compress(fastq(500))
    assert arrive(packed, cut) == Arrived(hashlib.sha256(packed).hexdigest(), 500)


RIGHT: dict[str, tuple[bytes, int]] = {
    "several members, as bgzip writes": (b"".join(gzip.compress(fastq(1)) for _ in range(40)), 40),
    "members that are padded": (gzip.compress(fastq(2)) + bytes(9) + gzip.compress(fastq(3)) + bytes(5), 5),
    "no line end at the end": (gzip.compress(fastq(3)[:-1]), 3),
    "blank lines at the end": (gzip.compress(fastq(3) + b"\n\n\n\n\n\n"), 3),
    "line ends of Windows": (gzip.compress(fastq(3).replace(b"\n", b"\r\n")), 3),
    "a read without bases": (gzip.compress(fastq(2) + b"@run.3/1\n\n+\n\n"), 3),
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("what", RIGHT)
def test_what_sequencers_and_tools_write_is_taken(what: str, cut: int) -> None:
    packed, reads = RIGHT[what]
    assert arrive(packed, cut).reads == reads


WHOLE = gzip.compress(fastq(5000), 1)
WRONG: dict[str, tuple[bytes, str]] = {
    "not packed": (fastq(1), "SL_1.fastq.gz is no gzip file: it begins with '@run.1/1'. Pack FASTQ with gzip"),
    "bytes that are no text": (bytes(range(128, 256)), "is no gzip file: it begins with bytes that are no text"),
    "packed otherwise": (b"BZh91AY&SY" + bytes(100), "is packed by bzip2: unpack it, pack it with gzip"),
    "three bytes": (b"abc", "is no gzip file: it begins with 'abc'"),
    "truncated": (WHOLE[:-100], "is truncated: its gzip data end in the middle, soon after line"),
    "without its last byte": (WHOLE[:-1], "is truncated: its gzip data end in the middle"),
    "damaged": (WHOLE[:-8] + bytes(4) + WHOLE[-4:], "is damaged: its gzip data are wrong soon after line"),
    "another file behind": (WHOLE + b"something else", "is damaged: its gzip data are wrong soon after line 20,000"),
    "no reads": (gzip.compress(b""), "has no reads in it"),
    "blank lines only": (gzip.compress(b"\n\n\n\n"), "has no reads in it"),
    "a header without @": (
        gzip.compress(fastq(700) + b"run.701\nACGT\n+\nIIII\n" + fastq(9)),
        "SL_1.fastq.gz, line 2,801: the line does not begin with @: 'run.701' is not FASTQ; correct the file",
    ),
    "no +": (gzip.compress(fastq(2) + b"@a\nACGT\nIIII\n@b\n"), "line 11: the line does not begin with +: 'IIII'"),
    "a quality too few": (
        gzip.compress(fastq(2) + b"@a\nACGT\n+\nIII\n"),
        "line 12: the line has 3 qualities for 4 bases",
    ),
    "a quality that is none": (gzip.compress(fastq(2) + b"@a\nACGT\n+\nII\x07I\n"), "line 12: the line has 4 q"),
    "ends within a read": (
        gzip.compress(fastq(700) + b"@a\nAC"),
        "is truncated: it ends at line 2,802, in the middle of read 701",
    ),
    "blank lines in the middle": (gzip.compress(fastq(1) + b"\n" * 4 + fastq(1)), "line 5: the line is blank"),
    "a line without end": (gzip.compress(fastq(1) + b"@" + b"A" * 300_000), "no short reads"),
}  # fmt: skip


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named_with_its_line(what: str, cut: int) -> None:
    packed, says = WRONG[what]
    if cut == 1 and len(packed) > 100_000:
        cut = 3
    assert says in refusal(packed, cut)


def test_a_wrong_line_is_told_before_the_rest_has_come() -> None:
    packer = zlib.compressobj(wbits=31)
    checker = ArrivingReads("SL_1.fastq.gz")
    begin = packer.compress(fastq(100) + b"wrong\nA\n+\nI\n") + packer.flush(zlib.Z_FULL_FLUSH)
    with pytest.raises(BadReads, match="line 401"):
        checker.add(begin)


def test_a_file_that_would_fill_a_disk_is_refused_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "FIRST_UNPACKED", 2**20)
    packed = gzip.compress((b"@a\n" + b"A" * 9999 + b"\n+\n" + b"I" * 9999 + b"\n") * 500)
    assert "unpacks to more than 250 times its size" in refusal(packed)


def test_a_copy_goes_on_by_itself() -> None:
    packed = gzip.compress(fastq(500), 1)
    half = len(packed) // 2
    checker = ArrivingReads("SL_1.fastq.gz")
    checker.add(packed[:half])
    trial = checker.copy()
    with pytest.raises(BadReads):
        trial.add(bytes(9) + packed)
    checker.add(packed[half:])
    assert checker.end() == Arrived(hashlib.sha256(packed).hexdigest(), 500)


def test_what_is_kept_of_a_file_does_not_grow_with_it() -> None:
    checker = ArrivingReads("SL_1.fastq.gz")
    member = gzip.compress(fastq(3000))
    for _ in range(30):
        checker.add(member)
    kept: Callable[[], int] = lambda: len(checker._fastq._rest) + sum(map(len, checker._fastq._open))  # noqa: E731
    assert kept() < 100
    assert checker.end().reads == 90_000
