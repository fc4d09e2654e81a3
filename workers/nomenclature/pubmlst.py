"""PubMLST's files: alleles as FASTA and profiles as a table → plain values; every error names file and line."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from crobot_errors import BadInput
from workers.fasta import DAMAGED, Record, check_letters, open_text, read_records
from workers.nomenclature.allele_names import AlleleNames

#: locus and id of every allele that has one which is no number
Ids = Container[tuple[str, int | str]]
Profile = tuple[int, dict[str, Any], dict[str, str]]


def read_alleles(paths: Iterable[Path]) -> Iterator[tuple[str, int, str]]:
    """(locus, number, sequence in upper case) of every record, in the files' order.

    Ambiguity codes are accepted: PubMLST has a few such alleles, which match only the very same letters.

    Raises: BadInput for a name without a number, letters that are no nucleotides, and for a number or a
    sequence that a locus has twice.
    """
    seen = _Seen()
    for locus, allele, sequence, where in _named(paths, numbered=True):
        seen.add(locus, int(allele), sequence, where)
        yield locus, int(allele), sequence


def read_labelled_alleles(paths: Iterable[Path]) -> Iterator[tuple[str, str, str]]:
    """(locus, id, sequence in upper case) of every record, where the ids of alleles are no numbers.

    Many schemes name alleles by a checksum of the sequence; so a sequence that comes twice is one allele.

    Raises: BadInput for a name without a locus, letters that are no nucleotides, and an id that a locus has twice
    with different sequences.
    """
    digests: dict[tuple[str, str], tuple[bytes, str]] = {}
    for locus, allele, sequence, where in _named(paths, numbered=False):
        digest = _digest(locus, sequence)
        first, place = digests.setdefault((locus, allele), (digest, where))
        if first != digest:
            raise BadInput(f"{where}: allele {allele} of {locus} has another sequence than in {place}")
        yield locus, allele, sequence


def _named(paths: Iterable[Path], numbered: bool) -> Iterator[tuple[str, str, str, str]]:
    """(locus, id, sequence, where) of every record."""
    for path in paths:
        names = AlleleNames(path, numbered)
        for record in read_records(path):
            where = f"{path}, line {record.line}"
            yield *names.locus_and_id(record), _checked_sequence(record, where), where


def _checked_sequence(record: Record, where: str) -> str:
    sequence = record.sequence.upper()
    check_letters(sequence, f"{where} ({record.name})")
    if not sequence:
        raise BadInput(f"{where}: allele {record.name} has no sequence")
    return sequence


def _digest(locus: str, sequence: str) -> bytes:
    return blake2b(f"{locus}\n{sequence}".encode(), digest_size=16).digest()


@dataclass
class _Seen:
    """Which numbers and sequences came before, and where; sequences as digests to save memory."""

    numbers: dict[tuple[str, int], str] = field(default_factory=dict)
    sequences: dict[bytes, tuple[int, str]] = field(default_factory=dict)

    def add(self, locus: str, number: int, sequence: str, where: str) -> None:
        earlier = self.numbers.setdefault((locus, number), where)
        if earlier != where:
            raise BadInput(f"{where}: allele {number} of {locus} was already given in {earlier}")
        other, place = self.sequences.setdefault(_digest(locus, sequence), (number, where))
        if place != where:
            raise BadInput(
                f"{where}: allele {number} of {locus} has the same sequence as allele {other} in {place}"
            )


def read_profiles(path: Path, loci: Sequence[str], ids: Ids | None = None) -> Iterator[Profile]:
    """(sequence type, alleles by locus, the other columns) of every line of a table with tabs.

    Alleles are numbers; or, with ``ids``, one of these, and 0 for a missing one.

    Raises: BadInput for a missing column, something that is not a number or id, or a sequence type or profile
    that comes twice.
    """
    with open_text(path) as text:
        try:
            header = next(text, "").rstrip("\r\n").split("\t")
            table = _Table(path, [name.strip() for name in header], loci, ids)
            for number, line in enumerate(text, 2):
                if line.strip():
                    yield table.profile(number, line.rstrip("\r\n").split("\t"))
        except DAMAGED as error:
            raise BadInput(
                f"{path} cannot be read to its end: it is damaged or not text ({error})"
            ) from error
    if not table.seen:
        raise BadInput(f"{path} has no profiles below its header")


class _Table:
    """The columns of a profiles table, and the sequence types so far."""

    def __init__(self, path: Path, header: list[str], loci: Sequence[str], ids: Ids | None) -> None:
        self.path, self.header, self.loci, self.ids = path, header, loci, ids
        self.seen: dict[int, int] = {}
        self.profiles: dict[tuple[int | str, ...], int] = {}
        missing = [locus for locus in loci if locus not in header]
        if missing:
            raise BadInput(
                f"{path}, line 1: there is no column for {', '.join(missing)}; it has {', '.join(header)}"
            )
        twice = sorted({name for name in header if header.count(name) > 1})
        if twice:
            raise BadInput(f"{path}, line 1: there are two columns {', '.join(twice)}")
        # cgST, rST, eST: the first column, in schemes of another kind
        self.st_column = "ST" if "ST" in header else header[0]
        if not self.st_column.endswith("ST"):
            raise BadInput(f"{path}, line 1: there is no column ST; it has {', '.join(header)}")

    def profile(self, number: int, values: list[str]) -> Profile:
        row = dict(zip(self.header, [*values, *[""] * (len(self.header) - len(values))], strict=False))
        if len(values) > len(self.header):
            raise BadInput(
                f"{self.path}, line {number}: {len(values)} columns, the header has {len(self.header)}"
            )
        st = self._number(row, self.st_column, number, least=1)
        alleles = {locus: self._allele(row, locus, number) for locus in self.loci}
        self._check_first(st, tuple(alleles.values()), number)
        named = {self.st_column, *self.loci}
        return st, alleles, {name: value.strip() for name, value in row.items() if name not in named}

    def _allele(self, row: dict[str, str], locus: str, line: int) -> int | str:
        value = row[locus].strip()
        if self.ids is None or value == "0":
            return self._number(row, locus, line, least=0)
        if (locus, value) not in self.ids:
            raise BadInput(f"{self.path}, line {line}: there is no sequence of allele {value!r} of {locus}")
        return value

    def _number(self, row: dict[str, str], column: str, line: int, least: int) -> int:
        value = row[column].strip()
        if not (value.isascii() and value.isdigit()) or int(value) < least:
            raise BadInput(f"{self.path}, line {line}: {value!r} in column {column} is not a number")
        return int(value)

    def _check_first(self, st: int, profile: tuple[int | str, ...], line: int) -> None:
        earlier = self.seen.setdefault(st, line)
        if earlier != line:
            raise BadInput(f"{self.path}, line {line}: ST {st} was already given in line {earlier}")
        same = self.profiles.setdefault(profile, line)
        if same != line:
            others = ", ".join(name for name in self.header if name not in (self.st_column, *self.loci))
            hint = (
                f" (there are no alleles for the columns {others}: is one of them a locus?)" if others else ""
            )
            raise BadInput(f"{self.path}, line {line}: ST {st} has the same profile as line {same}{hint}")
