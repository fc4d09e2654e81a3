"""Reading FASTA, plain or gzipped, with any line ends: records with the line on which they begin, and their letters."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from crobot_errors import BadInput
from workers.first_bytes import check_packing

GZIP_MAGIC = b"\x1f\x8b"
#: what a damaged gzip file or a binary file raises while it is read
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError)
#: of a nucleotide sequence at least this share is no ambiguity code; many proteins consist of IUPAC letters
PLAIN_SHARE = 0.5
#: IUPAC codes
NUCLEOTIDES = re.compile("[ACGTURYSWKMBDHVN]*", re.IGNORECASE)

_COMPLEMENT = str.maketrans("ACGTURYSWKMBDHVNacgturyswkmbdhvn", "TGCAAYRSWMKVHDBNtgcaayrswmkvhdbn")


@dataclass(frozen=True)
class Record:
    """One sequence as it stands in the file, without white space; ``line`` is that of its header."""

    line: int
    header: str
    sequence: str

    @property
    def name(self) -> str:
        """The header's first word."""
        return self.header.split(maxsplit=1)[0] if self.header else ""


def reverse_complement(sequence: str) -> str:
    """The other strand, ambiguity codes included."""
    return sequence.translate(_COMPLEMENT)[::-1]


def check_letters(sequence: str, where: str) -> None:
    """Raises: BadInput naming the place and the letters that are no nucleotides."""
    if not NUCLEOTIDES.fullmatch(sequence):
        wrong = "".join(sorted({letter for letter in sequence if not NUCLEOTIDES.fullmatch(letter)}))[:10]
        raise BadInput(f"{where}: {wrong!r} is no nucleotide; is this a protein, or an alignment?")


def plain_bases(sequence: str) -> int:
    """How many letters are bases, and no ambiguity codes."""
    letters = sequence.upper()
    return sum(letters.count(base) for base in "ACGTU")


@contextmanager
def open_text(path: Path) -> Iterator[IO[str]]:
    """Open a text file, plain or gzipped by its content; a byte order mark is dropped.

    Raises: BadInput if it is packed otherwise.
    """
    with path.open("rb") as raw:
        begin = raw.read(8)
        check_packing(path, begin)
        zipped = begin.startswith(GZIP_MAGIC)
        raw.seek(0)
        binary: IO[bytes] = gzip.GzipFile(fileobj=raw) if zipped else raw  # type: ignore[assignment]
        with io.TextIOWrapper(binary, encoding="utf-8-sig") as text:
            yield text


def read_records(path: Path) -> Iterator[Record]:
    """The records of a file, one after the other.

    Raises: BadInput naming file and line if it is not FASTA, is damaged, or has no record.
    """
    found = False
    with open_text(path) as text:
        try:
            for record in _records(text, path):
                found = True
                yield record
        except DAMAGED as error:
            raise BadInput(
                f"{path} cannot be read to its end: it is damaged or not text ({error})"
            ) from error
    if not found:
        raise BadInput(f"{path} is empty: there is no sequence in it")


def _records(lines: IO[str], path: Path) -> Iterator[Record]:
    header, begin, parts = "", 0, list[str]()
    for number, line in enumerate(lines, 1):
        if line.startswith(">"):
            if begin:
                yield Record(begin, header, "".join(parts))
            header, begin, parts = line[1:].strip(), number, []
        elif begin:
            parts.extend(line.split())
        elif line.strip():
            raise BadInput(
                f"{path}, line {number}: not FASTA, it begins with {line.strip()[:20]!r} instead of '>'"
            )
    if begin:
        yield Record(begin, header, "".join(parts))
