"""A file of reads that arrives in pieces: its gzip and FASTQ are checked at once, in little memory.

So what is wrong with a file of gigabytes is known, with its line, when that line has arrived.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass

from crobot_errors import BadReads
from workers.first_bytes import PACKED, shown
from workers.short_reads.read_check import QUALITIES, are_records
from workers.short_reads.reads import GZIP_MAGIC, PHRED33

#: bytes that are unpacked at a time
PIECE = 2**20
#: a longer line is none of short reads; bounds what is kept of a line that has not ended
LONGEST_LINE = 2**18
#: reads of one letter alone are packed to a hundredth, and a file that is made to fill a disk to a thousandth
MOST_UNPACKED, FIRST_UNPACKED = 250, 16 * 2**20
#: as many bytes tell how a file is packed
_MAGIC_BYTES = 8
_WRONG = (
    "does not begin with @",
    "",
    "does not begin with +",
    "has {qualities} qualities for {bases} bases, or a quality that is no letter",
)


@dataclass(frozen=True)
class Arrived:
    """What is known of a whole file."""

    sha256: str
    reads: int


class ArrivingReads:
    """Checks one file, whose bytes are added in order; ``name`` is what people call it."""

    def __init__(self, name: str) -> None:
        self.received = 0
        self._sha256 = hashlib.sha256()
        self._gzip, self._fastq = _Gzip(name), _Fastq(name)

    def add(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            BadReads: they cannot be; names the file and the line.
        """
        self.received += len(data)
        self._sha256.update(data)
        for plain in self._gzip.unpacked(data, self._fastq):
            self._fastq.add(plain)

    def end(self) -> Arrived:
        """Say what the whole file is.

        Raises:
            BadReads: it is not whole, or has no reads.
        """
        self._gzip.end(self._fastq.lines)
        return Arrived(self._sha256.hexdigest(), self._fastq.end())

    def copy(self) -> ArrivingReads:
        """Return one that goes on from here by itself."""
        other = copy(self)
        other._sha256 = self._sha256.copy()
        other._gzip, other._fastq = self._gzip.copy(), copy(self._fastq)
        return other


class _Gzip:
    """Unpacks the members of a gzip file, one after the other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._begin = b""
        self._begun = False
        self._packed = self._unpacked = 0
        self._member: zlib._Decompress | None = None

    def unpacked(self, data: bytes, fastq: _Fastq) -> Iterator[bytes]:
        """Yield what these bytes are unpacked; ``fastq`` knows the last line."""
        self._packed += len(data)
        if not self._begun:
            self._begin += data
            if len(self._begin) < _MAGIC_BYTES:
                return
            data = self._checked_begin()
        plain = b""
        # of what it has taken in, it may have more to give than was asked for
        while data or len(plain) == PIECE:
            if self._member is None:
                data = data.lstrip(b"\0")  # members may be padded
                if not data:
                    return
                self._member = zlib.decompressobj(31)
            plain, data = self._step(self._member, data, fastq)
            if plain:
                yield plain

    def end(self, line: int) -> None:
        if not self._begun:
            self._checked_begin()
        if self._member is not None:
            raise BadReads(
                f"{self._name} is truncated: its gzip data end in the middle, soon after line {line:,}; "
                "copy it again from where it was made, and upload that"
            )

    def copy(self) -> _Gzip:
        other = copy(self)
        other._member = self._member.copy() if self._member is not None else None
        return other

    def _step(self, member: zlib._Decompress, data: bytes, fastq: _Fastq) -> tuple[bytes, bytes]:
        try:
            plain = member.decompress(data, PIECE)
        except zlib.error as error:
            raise BadReads(
                f"{self._name} is damaged: its gzip data are wrong soon after line {fastq.lines:,} ({error}); "
                "copy it again from where it was made, and upload that"
            ) from error
        self._unpacked += len(plain)
        if self._unpacked > MOST_UNPACKED * self._packed + FIRST_UNPACKED:
            raise BadReads(
                f"{self._name} unpacks to more than {MOST_UNPACKED} times its size, which reads do not: it is refused"
            )
        if member.eof:
            self._member = None
            return plain, member.unused_data
        return plain, member.unconsumed_tail

    def _checked_begin(self) -> bytes:
        begin, self._begin, self._begun = self._begin, b"", True
        if begin.startswith(GZIP_MAGIC):
            return begin
        for magic, packer in PACKED.items():
            if begin.startswith(magic):
                raise BadReads(
                    f"{self._name} is packed by {packer}: unpack it, pack it with gzip, and upload that"
                )
        line = shown(begin.partition(b"\n")[0])
        raise BadReads(
            f"{self._name} is no gzip file: it begins with {line}. Pack FASTQ with gzip, and upload that"
        )


class _Fastq:
    """Checks the lines of FASTQ; ``lines`` is the number of the last one that was found right."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.lines = self.reads = 0
        self._open: list[bytes] = []
        self._rest = b""
        self._ended = False

    def add(self, plain: bytes) -> None:
        found = (self._rest + plain).split(b"\n")
        self._rest = found.pop()
        lines = self._open + found
        self._check_lengths(lines)
        whole = len(lines) - len(lines) % 4
        self._open = lines[whole:]
        self._check(lines[:whole])

    def end(self) -> int:
        """Return the number of reads."""
        lines = [*self._open, self._rest] if self._rest else self._open
        if len(lines) == 4:
            self._check(lines)
        elif any(line.strip() for line in lines):
            raise BadReads(
                f"{self._name} is truncated: it ends at line {self.lines + len(lines):,}, in the middle of read "
                f"{self.reads + 1:,}; copy it again from where it was made, and upload that"
            )
        if not self.reads:
            raise BadReads(f"{self._name} has no reads in it: upload another file")
        return self.reads

    def _check(self, lines: Sequence[bytes]) -> None:
        if not self._ended and are_records(lines) and not _odd_qualities(lines[3::4]):
            self._count(len(lines))
            return
        for at in range(0, len(lines), 4):
            self._check_record(lines[at : at + 4])

    def _check_record(self, record: Sequence[bytes]) -> None:
        """Check one record; blank lines may end a file."""
        if not any(line.strip() for line in record):
            self._ended = True
            return
        if self._ended:
            raise BadReads(
                f"{self._name}, line {self.lines + 1:,}: the line is blank, and reads follow: remove it"
            )
        wrong = _wrong_line(record)
        if wrong is not None:
            says = _WRONG[wrong].format(bases=len(record[1]), qualities=len(record[3]))
            raise BadReads(
                f"{self._name}, line {self.lines + wrong + 1:,}: the line {says}: {shown(record[wrong])} is not "
                "FASTQ; correct the file, or make it again, and upload that"
            )
        self._count(4)

    def _check_lengths(self, lines: Sequence[bytes]) -> None:
        longest = max(map(len, [*lines, self._rest]))
        if longest > LONGEST_LINE:
            raise BadReads(
                f"{self._name} has a line of more than {LONGEST_LINE:,} letters soon after line {self.lines:,}: these "
                "are no short reads, which alone can be assembled here"
            )

    def _count(self, lines: int) -> None:
        self.lines += lines
        self.reads += lines // 4


def _odd_qualities(lines: Sequence[bytes]) -> bytes:
    return b"".join(lines).translate(None, QUALITIES[PHRED33])


def _wrong_line(record: Sequence[bytes]) -> int | None:
    if record[0][:1] != b"@":
        return 0
    if record[2][:1] != b"+":
        return 2
    if len(record[1]) != len(record[3]) or _odd_qualities(record[3:]):
        return 3
    return None
