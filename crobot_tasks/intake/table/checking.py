"""A table is checked as a whole, before anything of it is added: by itself, its files, and against the database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.broker.folders import roots
from crobot_tasks.intake.reads import check_archive
from crobot_tasks.intake.table.attributes import KNOWN
from crobot_tasks.intake.table.columns import ACCESSION, FILES, OWN, Columns, plain_name
from crobot_tasks.intake.table.problems import Problem, Problems
from crobot_tasks.intake.table.reading import Table
from crobot_tasks.intake.table.rows import Row
from crobot_tasks.intake.table.together import Strain, Together
from db.crobot.clock import now
from db.engine import transaction
from db.known_species import find_species
from db.species.new_reads import attribute_names, known_reads, known_strains, why_of_another
from workers.short_reads.reads import ReadPair, check_pair, checked_read_file, first_record

T = TypeVar("T")

#: lines that are looked up together
TOGETHER = 2_000
#: differences from the database that are told
NOTES = 10


@dataclass
class Checked:
    """What a table says, and what is wrong with it."""

    #: None if its header cannot be
    columns: Columns | None
    problems: Problems
    #: name → strain, in order
    strains: dict[str, Strain] = field(default_factory=dict)
    lines: int = 0
    new_strains: int = 0
    read_sets: int = 0
    new_read_sets: int = 0
    #: metadata that is otherwise in the database, which is kept
    kept: Problems = field(default_factory=lambda: Problems(NOTES))

    @property
    def sends(self) -> int:
        """How many strains are to be assembled."""
        return sum(strain.sends for strain in self.strains.values())


def check(
    table: Table,
    database: str,
    *,
    user_id: int = 0,
    new_columns: Sequence[str] = (),
    most: int | None = None,
    seen: Callable[[int], object] = lambda lines: None,
) -> Checked:
    """Check a table for a species; ``most`` problems are kept, and all are counted.

    ``new_columns`` are metadata columns that no strain has yet. ``seen`` is told how many lines were looked at.

    Raises:
        UnknownSpecies: there is none of this name.
    """
    with transaction() as session:
        find_species(session, database)
        year = now(session).year
    problems = Problems(most)
    columns = table.columns(_more(table, database, new_columns), problems)
    checked = Checked(columns, problems)
    if columns is None:
        return checked
    together = Together(columns.attributes, problems)
    checked.strains = together.strains
    for part in parts(table.rows(columns, year, problems), TOGETHER):
        checked.lines += len(part)
        _check_part(checked, together, database, user_id, [row for row in part if row is not None])
        seen(checked.lines)
    if not checked.lines and not problems.count:
        problems.add(1, "", "", "the table has a header and no lines: there is nothing to add")
    return checked


def _more(table: Table, database: str, new_columns: Sequence[str]) -> Collection[str]:
    """Return the metadata columns that only this species has; only asked for if the table has such a column."""
    more = {plain_name(name) for name in new_columns}
    if {plain_name(title) for title in table.titles()} - {*OWN, *KNOWN, *more}:
        with transaction(database) as session:
            more |= {name for name in attribute_names(session) if plain_name(name) == name}
    return more


def _check_part(
    checked: Checked, together: Together, database: str, user_id: int, rows: Sequence[Row]
) -> None:
    check_lines(together, rows)
    with transaction(database) as session:
        _compare(session, checked, user_id, rows)


def check_lines(together: Together, rows: Sequence[Row]) -> None:
    """Check lines against those before them, and that their reads can be had; without the database."""
    for row in rows:
        together.add(row)
        if row.accessions:
            _check_archive(row, together.problems)
        if row.files and _check_files(row, together.problems):
            together.add_files(row)


def _check_archive(row: Row, problems: Problems) -> None:
    if not celeryconfig.crobot_archive_url:
        why = "no read archive is configured: set CROBOT_ARCHIVE_URL, on the nodes too, or give files"
        problems.add(row.line, ACCESSION, row.accessions[0], why)
        return
    try:
        check_archive([[run] for run in row.accessions])
    except BadInput as error:
        problems.add(row.line, ACCESSION, row.accessions[0], str(error))


def _check_files(row: Row, problems: Problems) -> bool:
    found: list[Path] = []
    for column, text in zip(FILES, row.files, strict=True):
        try:
            path = checked_read_file(text, roots())
            first_record(path)
            found.append(path)
        except (BadInput, OSError) as error:
            problems.add(row.line, column, text, str(error))
    if len(found) < len(FILES):
        return False
    try:
        check_pair(ReadPair(*found))
    except (BadInput, OSError) as error:
        problems.add(row.line, FILES[1], row.files[1], str(error))
        return False
    return True


def _compare(session: Any, checked: Checked, user_id: int, rows: Sequence[Row]) -> None:
    """See what of these lines is in the database, and so which strains lack an assembly of these reads."""
    there = known_reads(session, (reads for row in rows for reads in row.read_sets))
    strains = known_strains(session, {row.strain for row in rows}, user_id)
    for row in rows:
        strain, known = checked.strains[row.strain], strains.get(row.strain)
        if strain.lines[0] == row.line:
            checked.new_strains += known is None
        for reads in row.read_sets:
            if why := why_of_another(reads, there.get(reads), row.strain, user_id):
                column = ACCESSION if len(reads) == 1 else FILES[0]
                checked.problems.add(row.line, column, reads[0], why)
        _note_sends(checked, strain, row, known, there)


def _note_sends(checked: Checked, strain: Strain, row: Row, known: Any, there: Any) -> None:
    missing = [reads for reads in row.read_sets if reads not in there]
    checked.read_sets += len(row.read_sets)
    checked.new_read_sets += len(missing)
    in_use = all(there[reads].in_use for reads in row.read_sets if reads in there)
    if missing or not in_use or known is None or known.assembly is None:
        strain.sends = True
    if known is not None:
        strain.assembly = known.assembly or ""
        _note_other_metadata(checked, row, known.attributes)


def _note_other_metadata(checked: Checked, row: Row, attributes: Any) -> None:
    assert checked.columns is not None
    for name, value in zip(checked.columns.attributes, row.values, strict=True):
        if value is not None and attributes.get(name) != value:
            stored = attributes.get(name)
            stands = "nothing" if stored is None else repr(stored)
            checked.kept.add(
                row.line, name, str(value), f"{value!r} for {row.strain!r}, the database has {stands}"
            )


def first_problems(checked: Checked) -> list[Problem]:
    """Return the problems that were kept, by their lines."""
    return sorted(checked.problems.kept, key=lambda problem: problem.line)


def parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield so many at a time."""
    items = iter(items)
    while part := list(islice(items, size)):
        yield part
