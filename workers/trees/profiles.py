"""Tables of allelic profiles: ``#Name``, then a column for each locus, divided by tabs; an allele is a positive number.

0, negative numbers, ``-`` and nothing stand for a locus without an allele: missing, fragmented or duplicated.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from crobot_errors import BadProfiles
from workers.fasta import DAMAGED, open_text

MISSING = ("", "-", "?")
LABEL = "#Label"
#: a number of this size is no allele, and does not fit the table
MOST = 2**31 - 1
#: the head looks only at the beginning
CHECKED_LINES = 100


@dataclass
class Profiles:
    """Profiles in the table's order; 0 stands for a missing allele."""

    loci: Sequence[str]
    names: list[str] = field(default_factory=list)
    #: names for people; equal ones are allowed
    labels: list[str] = field(default_factory=list)
    rows: list[array[int]] = field(default_factory=list)

    def groups(self) -> list[list[int]]:
        """The profiles that are the same in all loci, missing ones included, by their position in the table."""
        same: dict[bytes, list[int]] = defaultdict(list)
        for at, row in enumerate(self.rows):
            same[row.tobytes()].append(at)
        return list(same.values())


def write_profiles(
    path: Path, loci: Sequence[str], profiles: Iterable[tuple[str, str, Sequence[int | None]]]
) -> None:
    """Write (name, label, alleles of the loci) as a table."""
    with path.open("w", encoding="utf-8") as file:
        file.write("\t".join(("#Name", LABEL, *loci)) + "\n")
        for name, label, alleles in profiles:
            cells = ("-" if not allele or allele < 0 else str(allele) for allele in alleles)
            file.write("\t".join((name, _one_word(label), *cells)) + "\n")


def write_values(path: Path, values: Mapping[str, str]) -> None:
    """Write what is shown of each profile: a line of its name and the value."""
    lines = (f"{name}\t{_one_word(value)}\n" for name, value in values.items())
    path.write_text("".join(lines), encoding="utf-8")


def read_values(path: Path) -> dict[str, str]:
    """Read what `write_values` wrote."""
    rows = (line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return {row[0]: row[-1] for row in rows if len(row) > 1}


def check_profiles(path: Path) -> None:
    """Look at the beginning of a table.

    Raises: BadProfiles.
    """
    _read(path, CHECKED_LINES)


def read_profiles(path: Path) -> Profiles:
    """Read a table.

    Raises: BadProfiles naming line, column and value; also for fewer than two profiles, and one without any allele.
    """
    found = _read(path, None)
    if len(found.names) < 2:
        raise BadProfiles(f"{path.name} has {len(found.names)} profiles: a tree takes two at least")
    return found


def _read(path: Path, most: int | None) -> Profiles:
    try:
        with open_text(path) as text:
            return _parse(path.name, islice(text, most))
    except DAMAGED as error:
        raise BadProfiles(f"{path.name} cannot be read: it is damaged or not text ({error})") from error


def _parse(name: str, lines: Iterable[str]) -> Profiles:
    numbered = _filled(lines)
    header = next(numbered, (0, [""]))[1]
    if not header[0].startswith("#"):
        raise BadProfiles(f"{name} has no header: its first line is #Name and the loci, divided by tabs")
    label = 1 if header[1:2] == [LABEL] else 0
    profiles = Profiles(header[1 + label :])
    _check_loci(name, profiles.loci)
    seen: dict[str, int] = {}
    for number, cells in numbered:
        where = f"{name}, line {number}"
        if len(cells) != len(header):
            raise BadProfiles(
                f"{where} ({cells[0]!r}): {len(cells)} columns, and the header has {len(header)}"
            )
        if not cells[0] or cells[0] in seen:
            before = f"the name of line {seen[cells[0]]}, too" if cells[0] else "no name"
            raise BadProfiles(f"{where}: {cells[0]!r} is {before}; each profile needs a name of its own")
        seen[cells[0]] = number
        row = array("i", map(_allele, cells[1 + label :]))
        if -1 in row:
            locus = row.index(-1)
            value = cells[1 + label + locus]
            raise BadProfiles(
                f"{where} ({cells[0]!r}), locus {profiles.loci[locus]}: {value!r} is no allele's number"
            )
        if not any(row):
            raise BadProfiles(f"{where}: {cells[0]!r} has no allele at any locus: leave it out")
        profiles.names.append(cells[0])
        profiles.labels.append(cells[1] if label else cells[0])
        profiles.rows.append(row)
    return profiles


def _filled(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, [cell.strip() for cell in line.rstrip("\r\n").split("\t")]


def _check_loci(name: str, loci: Sequence[str]) -> None:
    if not loci:
        raise BadProfiles(f"{name} has no loci: its header is #Name and the loci, divided by tabs")
    for at, locus in enumerate(loci):
        if not locus or locus in loci[:at]:
            raise BadProfiles(
                f"{name}: the header has {'a locus twice: ' + locus if locus else 'a locus without a name'}"
            )


def _allele(text: str) -> int:
    """Return the number, 0 for a missing one, -1 for what is none."""
    if text in MISSING:
        return 0
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 10 or int(digits) > MOST:
        return -1
    return 0 if text.startswith("-") else int(text)


def _one_word(label: str) -> str:
    """A label that fits a cell."""
    return " ".join(label.split())
