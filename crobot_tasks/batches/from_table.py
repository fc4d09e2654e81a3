"""A checked table of new strains and reads becomes a batch that assembles them; begun again, it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.batches import standing
from crobot_tasks.batches.making import STORED_TOGETHER, USUAL, Item, Limits, Plan, check_name, make
from crobot_tasks.broker.json_values import written
from crobot_tasks.intake.table import adding
from crobot_tasks.intake.table.checking import Checked, parts
from crobot_tasks.intake.table.reading import Table
from db.crobot import batches
from db.engine import transaction

#: digits of the checksum in the name of a batch
DIGITS = 12
KIND = "assemble"


@dataclass(frozen=True)
class Earlier:
    """A batch that was begun, or made, of the same table."""

    name: str
    #: items that are stored
    items: int
    #: whether all are there: nothing is left to be done
    made: bool
    state: str


def find_earlier(
    table: Table, database: str, name: str | None, user_id: int, params: dict[str, Any]
) -> Earlier | None:
    """Return the batch of the same table, by this name, or by the table's content if none is given.

    Raises:
        BadInput: the name is another batch's, or cannot be one; or the batch is another user's, assembles with other
            parameters, or was cancelled.
    """
    if name is not None:
        check_name(name)
    with transaction() as session:
        row = (
            batches.find(session, name)
            if name is not None
            else batches.of_table(session, KIND, database, table.sha256)
        )
    if row is None:
        return None
    if (row.kind, row.database, row.shared.get("table")) != (KIND, database, table.sha256):
        raise BadInput(
            f"there is a batch {row.name} already, which was not made of this table as it is now: choose another "
            "name (`crobot batch list --all`)"
        )
    if row.user_id != user_id:
        raise BadInput(
            f"batch {row.name} was made of this table by the user {row.user_id}, not {user_id}: the strains are "
            "that one's; remove them from the table, or give the same --user"
        )
    if row.shared["params"] != params:
        raise BadInput(
            f"batch {row.name} was made of this table with the parameters {row.shared['params']}, not {params}: give "
            "another --name to assemble with these, too"
        )
    if row.cancelled_at:
        raise BadInput(f"batch {row.name} of this table was cancelled: give another --name to send it again")
    return Earlier(row.name, int(row.size), row.made_at is not None, standing.state(row))


def usual_name(table: Table, database: str) -> str:
    """Return how the batch of a table is called, if nobody names it."""
    return f"intake-{database}-{table.sha256[:DIGITS]}"


def take_in(
    table: Table,
    checked: Checked,
    database: str,
    name: str,
    *,
    user_id: int = 0,
    params: dict[str, Any] | None = None,
    limits: Limits = USUAL,
    added: Callable[[Any], object] = lambda part: None,
    **request: Any,
) -> None:
    """Add the strains and reads of a table, and make the batch that assembles them, one item a strain.

    The batch is begun first, so that everybody sees what is under way; it sends nothing before all its items are
    there. If the process dies at any moment, the same call goes on, and does nothing twice. ``added`` is told what
    each transaction has added.

    Raises:
        BadInput: the table has problems; or somebody else is doing the same, and has not come to the end.
    """
    if checked.problems.count:
        raise BadInput(f"the table {table.name} has {checked.problems.count:,} errors: nothing is added")
    params = params or {}
    shared = {"params": params, "again": False, "table": table.sha256}
    plan = Plan(
        name,
        KIND,
        database,
        shared,
        chosen_by=f"the table {table.name}",
        user_id=user_id,
        limits=limits,
        **request,
    )

    def items() -> Iterator[Item]:
        for part in adding.add(table, checked, database, user_id):
            added(part)
        yield from _items(checked, database, user_id)

    try:
        make(plan, items())
    except BadInput:
        made = find_earlier(table, database, name, user_id, params)
        # somebody else was faster, and all of it is there
        if made is None or not made.made:
            raise


def _items(checked: Checked, database: str, user_id: int) -> Iterator[Item]:
    """Yield an item for each strain, in the order of their first lines."""
    for part in parts(checked.strains.items(), STORED_TOGETHER):
        barcodes = adding.barcodes(database, [name for name, _ in part], user_id)
        for name, strain in part:
            why = (
                ""
                if strain.sends
                else f"the strain {name!r} has the assembly {strain.assembly} of these reads"
            )
            of_table = written({"strain": name, "lines": list(strain.lines)}, f"strain {name}")
            yield {"key": barcodes[name], "call": of_table, "skipped": why}
