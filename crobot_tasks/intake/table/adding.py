"""What a checked table says is added: strains and read sets, a few hundred lines in a transaction, each once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from crobot_tasks.intake.table.checking import Checked, parts
from crobot_tasks.intake.table.problems import Problems
from crobot_tasks.intake.table.reading import Table
from crobot_tasks.intake.table.rows import Row
from db.engine import retrying, transaction
from db.species.new_reads import Added, NewReads, add_reads, known_strains

#: lines of one transaction: each takes two locks, of which PostgreSQL has a few thousand
LINES = 250


def add(table: Table, checked: Checked, database: str, user_id: int = 0) -> Iterator[Added]:
    """Add what is not there; yields what each transaction has added.

    Whoever is killed on the way, and begins anew, finds what is there and adds the rest.

    Raises:
        BadInput: somebody has added the same reads to another strain since the table was checked.
    """
    assert checked.columns is not None
    # the year was checked; by now it may be another
    rows = table.rows(checked.columns, 9999, Problems(0))
    for part in parts((row for row in rows if row is not None), LINES):
        yield retrying(partial(_add_part, checked, database, user_id, part))


def _add_part(checked: Checked, database: str, user_id: int, rows: list[Row]) -> Added:
    with transaction(database) as session:
        return add_reads(session, [_new(checked, row) for row in rows], user_id)


def _new(checked: Checked, row: Row) -> NewReads:
    assert checked.columns is not None
    values = zip(checked.columns.attributes, checked.strains[row.strain].values, strict=True)
    attributes = {name: value for name, value in values if value is not None}
    return NewReads(row.strain, row.read_sets, attributes)


def barcodes(database: str, names: list[str], user_id: int) -> dict[str, str]:
    """Return the barcodes of strains by name."""
    with transaction(database) as session:
        return {name: str(row.barcode) for name, row in known_strains(session, names, user_id).items()}
