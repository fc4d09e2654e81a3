"""One column of the table by barcode, as pictures have it: the colours of a tree's nodes."""

from __future__ import annotations

from crobot_tasks.results.conditions import named, shown
from crobot_tasks.results.results import Results


def values_of(database: str, name: str, *, must_exist: bool = True) -> dict[str, str]:
    """Return barcode → the value of a column as the table shows it; empty where it is not known.

    Of a column that the table does not have there are none, unless it ``must_exist``.

    Raises:
        UnknownSpecies: there is none of this name.
        BadInput: the table has no such column.
    """
    table = Results(database)
    if not must_exist and name not in {column.name for column in table.columns}:
        return {}
    column = named(name, table.columns)
    return {
        line.assembly.barcode: shown(column.value(line)) for line in table.lines() if line.assembly.barcode
    }
