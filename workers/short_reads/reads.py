"""Read sets as they are sent: accessions and pairs of FASTQ files, and what of them is cheap to check."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import IO

from crobot_errors import BadAccession, BadReads
from workers.first_bytes import check_packing, shown
from workers.storage import checked_file

ACCESSION = re.compile(r"[EDS]RR[0-9]{6,10}")
GZIP_MAGIC = b"\x1f\x8b"
#: how a block of BGZF begins, with its length less one (SAM specification, 4.1)
BGZF_BLOCK = re.compile(rb"\x1f\x8b\x08\x04.{8}BC\x02\x00(..)", re.DOTALL)
BGZF_HEAD = 18
BGZF_LONGEST = 2**16
#: gzip files up to this size are read in full on the head; of larger ones that is the node's work
SMALL_BYTES = 2**20
BUFFER_BYTES = 2**20
#: what is subtracted from a quality's letter: since 2011, and before
PHRED33, PHRED64 = 33, 64
#: what may stand between a read's name and the number of its mate
MATE_SIGNS = (b"/", b".", b"_")


@dataclass(frozen=True)
class ReadPair:
    """The two files of one paired-end read set."""

    read1: Path
    read2: Path
    #: of the letters that stand for qualities
    offset: int = field(default=PHRED33, kw_only=True)

    @property
    def size_bytes(self) -> int:
        """Size on disk of both files."""
        return self.read1.stat().st_size + self.read2.stat().st_size


@dataclass(frozen=True)
class Record:
    """One FASTQ record: the header without its @, bases, qualities."""

    header: bytes
    bases: bytes
    qualities: bytes


def is_accession(read_set: Sequence[str]) -> bool:
    """Whether a read set is one run accession rather than files."""
    return len(read_set) == 1 and not read_set[0].startswith("/")


def checked_accession(text: str) -> str:
    """A run accession of ENA, DDBJ or SRA.

    Raises: BadAccession.
    """
    if not isinstance(text, str) or not ACCESSION.fullmatch(text):
        raise BadAccession(
            f"{text!r} is not a run accession: that is ERR, DRR or SRR and 6 to 10 digits, such as ERR1234567"
        )
    return text


def check_read_sets(read_sets: Sequence[Sequence[str]], roots: Sequence[Path]) -> None:
    """Check on the head, without reading more than the beginning of each file.

    Raises: BadReads, BadAccession, BadPath.
    """
    if not read_sets:
        raise BadReads("there are no reads: send a run accession, or the two files of a paired-end run")
    seen: set[tuple[str, ...]] = set()
    for read_set in read_sets:
        if not isinstance(read_set, list | tuple) or not all(isinstance(text, str) for text in read_set):
            raise BadReads(f"{read_set!r} is no read set: give a list of one accession or two files")
        if tuple(read_set) in seen:
            raise BadReads(f"the read set {list(read_set)!r} was given twice")
        seen.add(tuple(read_set))
        if is_accession(read_set):
            checked_accession(read_set[0])
        else:
            checked_pair(read_set, roots)


def checked_pair(read_set: Sequence[str], roots: Sequence[Path]) -> ReadPair:
    """The two files of a read set, found to be readable, different, and beginning with mates.

    Raises: BadReads, BadPath.
    """
    if len(read_set) != 2:
        raise BadReads(
            f"a read set is one accession, or two files (read1 and read2); this has {len(read_set)}: {read_set!r}"
        )
    pair = ReadPair(*(checked_read_file(text, roots) for text in read_set))
    check_pair(pair)
    return pair


def check_pair(pair: ReadPair) -> None:
    """Check that two files that can be read are different, and begin with mates.

    Raises: BadReads.
    """
    if os.path.samefile(pair.read1, pair.read2):
        raise BadReads(f"read1 and read2 are the same file: {pair.read1}")
    check_mates(first_record(pair.read1), first_record(pair.read2), pair)


def checked_read_file(text: str, roots: Sequence[Path]) -> Path:
    """A file of reads that is readable, below a root, and not truncated as far as that is cheap to see.

    Raises: BadReads, BadPath.
    """
    path = checked_file(text, roots)
    check_gzip_end(path)
    return path


def open_reads(path: Path) -> IO[bytes]:
    """Open a FASTQ file, plain or gzip (by its content, not its name)."""
    with path.open("rb") as begin:
        first = begin.read(8)
    check_packing(path, first)
    packed = first.startswith(GZIP_MAGIC)
    # gzip's own buffer of 8 kB makes it slow
    return BufferedReader(gzip.open(path, "rb"), BUFFER_BYTES) if packed else path.open("rb", BUFFER_BYTES)


def check_gzip_end(path: Path) -> None:
    """Find truncated files where that is cheap: in BGZF by the last block, and small files are read through.

    Raises: BadReads.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        begin = file.read(BGZF_HEAD)
        if begin[:2] != GZIP_MAGIC:
            return
        if BGZF_BLOCK.match(begin):
            file.seek(-min(BGZF_LONGEST, size), os.SEEK_END)
            if not _ends_whole(file.read()):
                raise BadReads(f"{path} is truncated: its last block is incomplete; copy it again")
    if size <= SMALL_BYTES:
        try:
            with gzip.open(path) as packed:
                while packed.read(BUFFER_BYTES):
                    pass
        except (EOFError, OSError, zlib.error) as error:
            raise BadReads(f"{path} is a truncated or damaged gzip file ({error}); copy it again") from error


def _ends_whole(end: bytes) -> bool:
    """Tell whether the last block of BGZF is whole, by its size and checksum.

    The empty block that should mark the end proves nothing: sequencers leave it out. What is not BGZF at its end is
    left to the node, which reads it through.
    """
    blocks = list(BGZF_BLOCK.finditer(end))
    if not blocks:
        return True
    last = end[blocks[-1].start() :]
    behind = len(last) - int.from_bytes(blocks[-1][1], "little") - 1
    if behind:
        return behind >= BGZF_HEAD
    with suppress(EOFError, OSError, zlib.error):
        gzip.decompress(last)
        return True
    return False


def first_record(path: Path) -> Record:
    """The first record of a FASTQ file.

    Raises: BadReads if it is none.
    """
    try:
        with open_reads(path) as file:
            lines = [line.rstrip(b"\r\n") for line in islice(file, 4)]
    except (EOFError, OSError, zlib.error) as error:
        raise BadReads(f"{path} cannot be read: {error}") from error
    if not lines:
        raise BadReads(f"{path} has no reads in it")
    if len(lines) < 4 or lines[0][:1] != b"@" or lines[2][:1] != b"+" or len(lines[1]) != len(lines[3]):
        raise BadReads(f"{path} is not FASTQ: it begins with {shown(lines[0])}")
    return Record(lines[0][1:], lines[1], lines[3])


def are_mates(header1: bytes, header2: bytes) -> bool:
    """Whether two headers belong to one pair: equal names, or names that end in 1 and 2."""
    name1, name2 = (header.split(maxsplit=1)[0] if header.strip() else b"" for header in (header1, header2))
    if name1 == name2:
        return True
    ends = name1[-1:] == b"1" and name2[-1:] == b"2" and name1[-2:-1] in MATE_SIGNS
    return ends and name1[:-1] == name2[:-1]


def check_mates(record1: Record, record2: Record, pair: ReadPair) -> None:
    """Check that the first records are read1 and read2 of one pair.

    Raises: BadReads.
    """
    if record1 == record2 or {mate_number(record1.header), mate_number(record2.header)} in ({1}, {2}):
        raise BadReads(f"{pair.read1} and {pair.read2} hold the same mate: give read1 and read2 of one run")
    if mate_number(record1.header) == 2:
        raise BadReads(f"{pair.read1} holds read2 and {pair.read2} read1: give them in the other order")
    if not are_mates(record1.header, record2.header):
        names = [shown(record.header) for record in (record1, record2)]
        raise BadReads(
            f"{pair.read1} and {pair.read2} do not pair: they begin with {names[0]} and {names[1]}"
        )


def mate_number(header: bytes) -> int | None:
    """Which mate a header says it is: ``name/2`` or ``name 2:N:0:…``; None if it does not say."""
    found = re.match(rb"\S+/([12])(?:\s|$)|\S+\s([12]):[YN]:", header)
    return int(found[1] or found[2]) if found else None
