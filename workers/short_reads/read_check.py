"""The full check of read pairs, on the node: one pass over both files, beside the tools that read them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from operator import methodcaller
from pathlib import Path
from threading import Event
from typing import IO

from crobot_errors import UnusableReads
from workers.first_bytes import shown
from workers.short_reads.reads import PHRED33, PHRED64, ReadPair, are_mates, open_reads

#: records looked at in one go: large enough that C code does nearly all of the work
BATCH = 4096
#: how the header of read1 becomes that of read2 in the usual styles; tried before names are taken apart
MATE_STYLES = ((b"@", b"@"), (b"/1\n", b"/2\n"), (b" 1:", b" 2:"), (b"/1 ", b"/2 "))
#: what may stand in a line of qualities, by the offset of their letters (Phred+64 goes down to quality -5)
QUALITIES = {PHRED33: bytes(range(33, 127)) + b"\r\n", PHRED64: bytes(range(59, 127)) + b"\r\n"}
_begins_with_at = methodcaller("startswith", b"@")
_begins_with_plus = methodcaller("startswith", b"+")


class Stopped(Exception):  # noqa: N818
    """Nobody waits for the check any more."""


@contextmanager
def checking(pairs: Sequence[ReadPair]) -> Iterator[Future[list[int]]]:
    """Check pairs in a thread while the body runs; the future has the number of read pairs of each."""
    stop = Event()
    with ThreadPoolExecutor(1, "read-check") as thread:
        try:
            yield thread.submit(lambda: [count_pairs(pair, stop) for pair in pairs])
        finally:
            stop.set()


def count_pairs(pair: ReadPair, stop: Event | None = None) -> int:
    """Read both files to their ends, record by record in step, and return the number of pairs.

    Raises: UnusableReads naming the file and the record.
    """
    done = 0
    with open_reads(pair.read1) as file1, open_reads(pair.read2) as file2:
        while not (stop and stop.is_set()):
            lines1 = _next_lines(pair.read1, file1, done)
            lines2 = _next_lines(pair.read2, file2, done)
            _check_records(pair.read1, lines1, done)
            _check_records(pair.read2, lines2, done)
            _check_qualities(pair.read1, lines1, done, pair.offset)
            _check_qualities(pair.read2, lines2, done, pair.offset)
            _check_counts(pair, len(lines1) // 4, len(lines2) // 4, done)
            _check_names(pair, lines1[::4], lines2[::4], done)
            if not lines1:
                return done
            done += len(lines1) // 4
    raise Stopped


def _next_lines(path: Path, file: IO[bytes], done: int) -> list[bytes]:
    try:
        lines = _without_blank_end(list(islice(file, 4 * BATCH)), file)
    except (EOFError, OSError, zlib.error) as error:
        raise UnusableReads(
            f"{path} is truncated or damaged: {error} (soon after read {done}); copy or upload it again"
        ) from error
    if lines and not lines[-1].endswith(b"\n"):
        lines[-1] += b"\n"
    return lines


def _without_blank_end(lines: list[bytes], file: IO[bytes]) -> list[bytes]:
    """Drop blank lines with which the file ends; the last read may be empty, and its qualities a blank line."""
    end = len(lines) - len(lines) % 4
    while end and not any(line.strip() for line in lines[end - 4 : end]):
        end -= 4
    blank = end < len(lines) and not any(line.strip() for line in lines[end:])
    return lines[:end] if blank and not any(line.strip() for line in file) else lines


def are_records(lines: Sequence[bytes]) -> bool:
    """Whether lines are whole records of FASTQ; all of them end alike."""
    return (
        len(lines) % 4 == 0
        and all(map(_begins_with_at, lines[::4]))
        and all(map(_begins_with_plus, lines[2::4]))
        and list(map(len, lines[1::4])) == list(map(len, lines[3::4]))
    )


def _check_records(path: Path, lines: list[bytes], done: int) -> None:
    """Check that lines are whole records; the sums tell whether, the loop then tells where."""
    if are_records(lines):
        return
    for number, at in enumerate(range(0, len(lines), 4), done + 1):
        record = lines[at : at + 4]
        if len(record) < 4:
            raise UnusableReads(f"{path} is truncated: read {number} is incomplete; copy or upload it again")
        if record[0][:1] != b"@" or record[2][:1] != b"+" or len(record[1]) != len(record[3]):
            raise UnusableReads(f"{path} is not FASTQ at read {number}: {shown(record[0])}")


def _check_qualities(path: Path, lines: list[bytes], done: int, offset: int) -> None:
    """Check that qualities are letters, of the encoding that the first reads have."""
    allowed = QUALITIES[offset]
    if not b"".join(lines[3::4]).translate(None, allowed):
        return
    for number, line in enumerate(lines[3::4], done + 1):
        if wrong := line.translate(None, allowed):
            raise UnusableReads(
                f"{path}: read {number} has the quality {chr(wrong[0])!r}, which Phred+{offset} cannot have"
                + ("" if offset == PHRED33 else "; if two runs were joined, send them as two read sets")
            )


def _check_counts(pair: ReadPair, count1: int, count2: int, done: int) -> None:
    if count1 != count2:
        short, count = (pair.read1, count1) if count1 < count2 else (pair.read2, count2)
        raise UnusableReads(
            f"{pair.read1} and {pair.read2} have unequal numbers of reads: {short} ends after {done + count}"
        )


def _check_names(pair: ReadPair, headers1: list[bytes], headers2: list[bytes], done: int) -> None:
    joined1, joined2 = b"".join(headers1), b"".join(headers2)
    if any(joined1.replace(*style) == joined2 for style in MATE_STYLES):
        return
    for number, (header1, header2) in enumerate(zip(headers1, headers2, strict=True), done + 1):
        if not are_mates(header1, header2):
            raise UnusableReads(
                f"{pair.read1} and {pair.read2} are out of step at read {number}: "
                f"{shown(header1)} and {shown(header2)} are not mates"
            )
