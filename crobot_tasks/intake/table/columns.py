"""The header of a table: which column is what; names are compared without case, with _ for blanks and hyphens."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from crobot_tasks.intake.table.attributes import KNOWN
from crobot_tasks.intake.table.problems import Problems

STRAIN, ACCESSION, FILES = "strain", "accession", ("read1", "read2")
OWN = (STRAIN, ACCESSION, *FILES)


@dataclass(frozen=True)
class Columns:
    """The columns of a table, in order."""

    separator: str
    #: as they are compared; empty for one that nothing is known of
    names: tuple[str, ...]
    #: as the header has them
    titles: tuple[str, ...]
    #: whether lines can be read by them
    usable: bool

    @property
    def attributes(self) -> tuple[str, ...]:
        """Those of metadata, sorted."""
        return tuple(sorted(name for name in self.names if name and name not in OWN))


def plain_name(title: str) -> str:
    """Return a column's name as it is compared: Collection Year → collection_year."""
    return re.sub(r"[\s_-]+", "_", title.strip()).casefold()


def columns(
    line: int, titles: Sequence[str], separator: str, more: Collection[str], problems: Problems
) -> Columns:
    """Return the columns of a header; ``more`` are metadata columns beside the usual ones."""
    known = [*OWN, *KNOWN, *sorted(set(more) - KNOWN.keys())]
    names: list[str] = []
    before, header = problems.count, separator.join(titles)
    # first of all: the others may follow from it
    if STRAIN not in map(plain_name, titles):
        problems.add(line, "", header, f"there is no column {STRAIN}: name each strain{_other(line, header)}")
    has_strains = problems.count == before
    for title in titles:
        name = plain_name(title)
        why = _why_not(name, title, names, known)
        if why:
            problems.add(line, title, title, why)
        names.append("" if why else name)
    usable = _check_reads(line, header, names, problems) and has_strains
    return Columns(separator, tuple(names), tuple(titles), usable)


def _why_not(name: str, title: str, before: Collection[str], known: Sequence[str]) -> str:
    if not name:
        return f"column {len(before) + 1} has no name: name it, or remove it"
    if name in before:
        return f"two columns are named {title!r}: remove one of them"
    if name in known:
        return ""
    near = get_close_matches(name, known, 1)
    meant = f"did you mean {near[0]}? " if near else ""
    return (
        f"there is no column {title!r:.60}: {meant}Known are {', '.join(known)}; --new-column allows another"
    )


def _check_reads(line: int, header: str, names: Collection[str], problems: Problems) -> bool:
    before = problems.count
    files = [name for name in FILES if name in names]
    if len(files) == 1:
        other = FILES[1 - FILES.index(files[0])]
        problems.add(
            line, "", header, f"there is a column {files[0]} and none {other}: reads are files in pairs"
        )
    elif not files and ACCESSION not in names:
        problems.add(
            line, "", header, f"there are no reads: give a column {ACCESSION}, or {FILES[0]} and {FILES[1]}"
        )
    return problems.count == before


def _other(line: int, header: str) -> str:
    if ";" in header:
        return " (cells are separated by tabs or commas, not by ;)"
    return (
        " (a line that begins with # is a comment, also if it has the names of columns)" if line > 1 else ""
    )
