"""GFF text of allele calls ↔ a record of fixed width for each locus and what is left over; pure, knows no table.

A record is found by the locus's position in the scheme, so one of thousands is read by its offset. The text comes back
letter by letter whatever it was: a line that its record does not give back is kept as it is.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

#: contig (from 1; 0: no place), start, length, allele, identity × 10,000, strand and kept and status, copies
RECORD = struct.Struct(">HIHiHBB")
WIDTH = RECORD.size
#: an allele that is no number yet
NO_NUMBER = -(2**31)
STATUSES = ("missing", "exact", "new", "fragmented", "duplicated")
#: the record does not say it: look into the text
IN_TEXT = len(STATUSES)
STRANDS = ("+", "-", ".")
#: flag: the record gives the line back
WHOLE_LINE = 0x80
_INTEGER, _DECIMAL = re.compile(r"-?[0-9]{1,18}"), re.compile(r"[0-9]+(\.[0-9]+)?")
MISSING = RECORD.pack(0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Place:
    """What an annotation says of one locus; positions count from 1, and the end is included."""

    status: str
    #: None: new, without a number yet; 0 missing, negative fragmented or duplicated
    allele: int | None = 0
    contig: str | None = None
    start: int | None = None
    end: int | None = None
    strand: str | None = None
    identity: float | None = None
    #: features of the locus in the text; this one is the first
    copies: int = 0


@dataclass(frozen=True)
class Indexed:
    """A GFF text, taken apart."""

    records: bytes
    #: names of the sequences, as the text writes them; records count from 1
    contigs: list[str]
    #: zlib of JSON: number of lines, prefix of the IDs, and the lines that no record gives back
    rest: bytes


@dataclass(frozen=True)
class _Feature:
    locus: str
    contig: str
    record: tuple[int, int, int, int, int]
    name: str


def encode(text: str, loci: Sequence[str]) -> Indexed:
    """Take a GFF text apart; ``loci`` are the scheme's, in its order."""
    positions = {name: position for position, name in enumerate(loci)}
    lines = text.split("\n")
    contigs: dict[str, int] = {}
    records = [MISSING] * len(loci)
    copies = [0] * len(loci)
    prefix: str | None = None
    last, other = -1, []
    for number, line in enumerate(lines):
        feature = _parsed(line)
        at = positions.get(feature.locus) if feature else None
        if feature is None or at is None:
            other.append((number, line))
            continue
        copies[at] = min(copies[at] + 1, 255)
        if copies[at] > 1:
            other.append((number, line))
            continue
        if prefix is None and feature.name.endswith(feature.locus):
            prefix = feature.name.removesuffix(feature.locus)
        contig = contigs.setdefault(feature.contig, len(contigs) + 1)
        records[at] = _packed(contig, feature)
        # records give lines back in the scheme's order only
        if at > last and _rendered(records[at], feature.contig, prefix or "", feature.locus) == line:
            records[at] = _flagged(records[at])
            last = at
        else:
            other.append((number, line))
    packed = b"".join(record[:-1] + bytes([count]) for record, count in zip(records, copies, strict=True))
    rest = json.dumps([len(lines), prefix or "", other], ensure_ascii=False, separators=(",", ":"))
    return Indexed(packed, list(contigs), zlib.compress(rest.encode(), 9))


def decode(indexed: Indexed, loci: Sequence[str]) -> str:
    """Return the text again, letter by letter."""
    count, prefix, other = json.loads(zlib.decompress(indexed.rest))
    lines: list[str | None] = [None] * count
    for number, line in other:
        lines[number] = line
    whole = _whole_lines(indexed, loci, prefix)
    return "\n".join(next(whole) if line is None else line for line in lines)


def place(record: bytes, contig: str | None) -> Place | None:
    """Return what a record says; None if only the text does. ``contig`` is its sequence's name in the text."""
    number, start, length, allele, identity, flags, copies = RECORD.unpack(record)
    status = flags & 0x0F
    if status == IN_TEXT:
        return None
    if not number or contig is None:
        return Place(STATUSES[status])
    return Place(
        status=STATUSES[status],
        allele=None if allele == NO_NUMBER else allele,
        contig=unquote(contig),
        start=start,
        end=start + length - 1,
        strand=STRANDS[flags >> 4 & 0x03],
        identity=identity / 10_000,
        copies=copies,
    )


def place_in_text(text: str, locus: str) -> Place:
    """Return what the text says of a locus, line by line: for what no record can hold."""
    found = [each for each in features(text) if each[1]["locus"] == locus]
    if not found:
        return Place("missing")
    columns, attributes = found[0]
    allele = attributes.get("allele", "")
    return Place(
        status=attributes.get("status", "unknown"),
        allele=int(allele) if _INTEGER.fullmatch(allele) else None,
        contig=unquote(columns[0]),
        start=int(columns[3]) if _INTEGER.fullmatch(columns[3]) else None,
        end=int(columns[4]) if _INTEGER.fullmatch(columns[4]) else None,
        strand=columns[6],
        identity=float(columns[5]) if _DECIMAL.fullmatch(columns[5]) else None,
        copies=len(found),
    )


def features(text: str) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Give the nine columns of each feature that names a locus, and its attributes."""
    for line in text.split("\n"):
        if found := _columns(line):
            yield found


def _columns(line: str) -> tuple[list[str], dict[str, str]] | None:
    """Return the nine columns of a feature that names a locus, and its attributes."""
    columns = line.split("\t")
    if len(columns) != 9 or line.startswith("#"):
        return None
    pairs = (pair.partition("=") for pair in columns[8].split(";"))
    attributes = {key: unquote(value) for key, _, value in pairs}
    return (columns, attributes) if "locus" in attributes else None


def _parsed(line: str) -> _Feature | None:
    found = _columns(line)
    if found is None:
        return None
    columns, attributes = found
    try:
        record = _numbers(columns, attributes)
    except (ValueError, OverflowError, struct.error, KeyError):
        record = (0, 0, 0, 0, IN_TEXT)
    return _Feature(attributes["locus"], columns[0], record, attributes.get("ID", ""))


def _numbers(columns: list[str], attributes: dict[str, str]) -> tuple[int, int, int, int, int]:
    """Return start, length, allele, identity and flags.

    Raises: ValueError, OverflowError, KeyError, struct.error for what a record cannot hold.
    """
    start, end = int(columns[3]), int(columns[4])
    allele = NO_NUMBER if attributes["allele"] == "new" else int(attributes["allele"])
    flags = STRANDS.index(columns[6]) << 4 | STATUSES.index(attributes["status"])
    numbers = (start, end - start + 1, allele, round(float(columns[5]) * 10_000), flags)
    RECORD.pack(0, *numbers, 0)
    return numbers


def _packed(contig: int, feature: _Feature) -> bytes:
    start, length, allele, identity, flags = feature.record
    if contig > 0xFFFF:
        return RECORD.pack(0, 0, 0, 0, 0, IN_TEXT, 0)
    return RECORD.pack(contig, start, length, allele, identity, flags, 0)


def _flagged(record: bytes) -> bytes:
    return record[:-2] + bytes([record[-2] | WHOLE_LINE, 0])


def _rendered(record: bytes, contig: str, prefix: str, locus: str) -> str | None:
    """Return the line that the node writes for such a record; None if it has none."""
    number, start, length, allele, identity, flags, _ = RECORD.unpack(record)
    if not number or flags & 0x0F == IN_TEXT or allele == NO_NUMBER:
        return None
    strand, status = STRANDS[flags >> 4 & 0x03], STATUSES[flags & 0x0F]
    return (
        f"{contig}\tcrobot\tsequence_feature\t{start}\t{start + length - 1}\t{identity / 10_000:.4f}\t{strand}\t.\t"
        f"ID={prefix}{locus};locus={locus};allele={allele};status={status}"
    )


def _whole_lines(indexed: Indexed, loci: Sequence[str], prefix: str) -> Iterator[str]:
    for at, locus in enumerate(loci):
        record = indexed.records[at * WIDTH : (at + 1) * WIDTH]
        if record[-2] & WHOLE_LINE:
            contig = indexed.contigs[RECORD.unpack(record)[0] - 1]
            yield str(_rendered(record, contig, prefix, locus))
