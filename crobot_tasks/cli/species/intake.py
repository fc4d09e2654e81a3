"""`crobot intake`: new strains and reads as a table, checked as a whole, added, and sent as a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console

from crobot_tasks.batches import choosing, from_table
from crobot_tasks.batches.from_table import Earlier
from crobot_tasks.cli import sending
from crobot_tasks.cli.batches import words
from crobot_tasks.cli.batches.options import DRY_RUN, LIMITS, OF_ASSEMBLY, PRIORITY_OF_BATCH, YES, limits_of
from crobot_tasks.cli.output import console, emit, json_option
from crobot_tasks.cli.send import options
from crobot_tasks.cli.steer.changes import Ask
from crobot_tasks.cli.steer.selection import Command, with_options
from crobot_tasks.intake.table import checking
from crobot_tasks.intake.table.checking import Checked
from crobot_tasks.intake.table.reading import Table, opened
from db.species.new_reads import Added

#: errors that are printed; --json has all
SHOWN = 50
_SEPARATORS = {"\t": "tabs", ",": "commas"}


def _request(command: Command) -> Command:
    return with_options(
        command, (*LIMITS, PRIORITY_OF_BATCH, options.user, options.workgroup, DRY_RUN, YES, json_option)
    )


@click.command()
@click.argument("path", metavar="TABLE")
@click.option("--database", required=True, metavar="SPECIES", help="The species of all strains.")
@click.option("--name", help="Name of the batch.  [default: of the species and the table's content]")
@click.option("--new-column", "new_columns", multiple=True, metavar="NAME",
              help="Allow a column of metadata that no strain has yet; may be given several times.")  # fmt: skip
@OF_ASSEMBLY
@_request
def intake(
    path: str,
    database: str,
    name: str | None,
    new_columns: tuple[str, ...],
    params: tuple[tuple[str, Any], ...],
    live: int,
    slice_: int,
    max_failures: tuple[int | None, float | None] | None,
    user_id: int,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **request: Any,
) -> None:
    """Add strains and reads of a table, and send their assemblies as a batch.

    The header names the columns: strain; accession, or read1 and read2; and metadata, such as country and year. The
    table is checked as a whole first: with any error nothing is added, and the exit code is 1. If this is interrupted,
    the same command goes on where it was. TABLE may be -, which is standard input.
    """
    request["limits"] = limits_of(live, slice_, max_failures)
    ask = Ask(yes=yes, dry_run=dry_run, as_json=as_json)
    request["params"] = dict(params)
    sending.ready()
    choosing.check_assembly(database, request["params"])
    with opened(path) as table:
        earlier = from_table.find_earlier(table, database, name, user_id, request["params"])
        found = _begin(table, database, name, earlier) | {"dry_run": dry_run}
        if earlier is not None and earlier.made:
            found |= {"items": earlier.items, "state": earlier.state}
            emit(as_json, found, lambda out: _show_made_before(out, found))
            return
        with _progress("checked", as_json) as seen:
            checked = checking.check(
                table, database, user_id=user_id, new_columns=new_columns,
                most=None if as_json else SHOWN, seen=seen,
            )  # fmt: skip
        found |= _account(checked)
        if not checked.problems.count and (checked.sends or earlier) and ask.may("send", checked.sends):
            found |= _take_in(table, checked, found, earlier, as_json, user_id=user_id, **request)
    emit(as_json, found, lambda out: _show(out, found))
    click.get_current_context().exit(1 if checked.problems.count else 0)


def _begin(table: Table, database: str, name: str | None, earlier: Earlier | None) -> dict[str, Any]:
    return {
        "table": table.name,
        "sha256": table.sha256,
        "database": database,
        "batch": earlier.name if earlier else name or from_table.usual_name(table, database),
        "begun_before": earlier is not None,
        "made_before": earlier is not None and earlier.made,
    }


def _take_in(
    table: Table,
    checked: Checked,
    found: dict[str, Any],
    earlier: Earlier | None,
    as_json: bool,
    **request: Any,
) -> dict[str, Any]:
    strains = read_sets = lines = 0
    with _progress("added", as_json) as seen:

        def note(part: Added) -> None:
            nonlocal strains, read_sets, lines
            strains, read_sets, lines = strains + part.strains, read_sets + part.read_sets, lines + part.lines
            seen(lines)

        from_table.take_in(table, checked, found["database"], found["batch"], added=note, **request)
    return {"items": len(checked.strains), "added": {"strains": strains, "read_sets": read_sets}}


@contextmanager
def _progress(what: str, as_json: bool) -> Iterator[Callable[[int], object]]:
    """Show on a terminal how many lines are done."""
    out = console(to_stderr=True)
    if as_json or not out.is_terminal:
        yield lambda lines: None
        return
    with out.status(f"lines {what}") as status:
        yield lambda lines: status.update(f"{lines:,} lines {what}")


def _account(checked: Checked) -> dict[str, Any]:
    problems = checking.first_problems(checked)
    strains = len(checked.strains)
    return {
        "separator": None if checked.columns is None else _SEPARATORS[checked.columns.separator],
        "metadata": [] if checked.columns is None else list(checked.columns.attributes),
        "lines": checked.lines,
        "strains": strains,
        "new_strains": checked.new_strains,
        "read_sets": checked.read_sets,
        "new_read_sets": checked.new_read_sets,
        "to_assemble": checked.sends,
        "known": strains - checked.sends,
        "other_metadata": {"count": checked.kept.count, "first": [asdict(one) for one in checked.kept.kept]},
        "errors": {
            "count": checked.problems.count,
            "all": [asdict(one) | {"text": str(one)} for one in problems],
        },
    }


def _show_made_before(out: Console, found: dict[str, Any]) -> None:
    out.print(
        f"batch {found['batch']} was made of this table before: {words.items(found['items'])}, "
        f"{found['state']}; nothing is added or sent"
    )
    out.print(f"`crobot batch report {found['batch']}` accounts for each strain")


def _show(out: Console, found: dict[str, Any]) -> None:
    errors = found["errors"]
    if errors["count"]:
        _show_errors(out, found)
        return
    out.print(
        f"{found['table']}, cells between {found['separator']}: {words.counted(found['lines'], 'line')}, "
        f"{words.counted(found['strains'], 'strain')} ({found['new_strains']:,} new), "
        f"{words.counted(found['read_sets'], 'read set')} ({found['new_read_sets']:,} new)"
    )
    if found["metadata"]:
        out.print(f"metadata: {', '.join(found['metadata'])}")
    if found["known"]:
        out.print(f"left out, with an assembly of these reads: {words.counted(found['known'], 'strain')}")
    _show_kept(out, found["other_metadata"])
    _show_end(out, found)


def _show_errors(out: Console, found: dict[str, Any]) -> None:
    errors = found["errors"]
    for one in errors["all"]:
        out.print(one["text"])
    more = errors["count"] - len(errors["all"])
    if more:
        out.print(f"and {more:,} more; --json has all of them")
    cells = f", cells between {found['separator']}" if found["separator"] else ""
    out.print(f"{found['table']}{cells}: {words.counted(errors['count'], 'error')}; nothing is added")


def _show_kept(out: Console, kept: dict[str, Any]) -> None:
    if not kept["count"]:
        return
    out.print(f"other than in the database, which keeps its own: {words.counted(kept['count'], 'value')}")
    for one in kept["first"]:
        out.print(f"  line {one['line']:,}, column {one['column']}: {one['why']}")
    if kept["count"] > len(kept["first"]):
        out.print(f"  and {kept['count'] - len(kept['first']):,} more")


def _show_end(out: Console, found: dict[str, Any]) -> None:
    batch = found["batch"]
    if "added" in found:
        if found["begun_before"]:
            out.print(
                f"batch {batch} was begun before, and went on where it was, with the priority and limits that it has"
            )
        added = found["added"]
        out.print(
            f"added: {words.counted(added['strains'], 'strain')}, {words.counted(added['read_sets'], 'read set')}"
        )
        out.print(
            f"batch {batch} has {words.items(found['items'])}, {found['to_assemble']:,} to be assembled"
        )
        out.print(f"`crobot batch watch {batch}` shows how it goes on")
    elif not found["to_assemble"]:
        out.print("nothing is to be done: all strains have an assembly of these reads")
    else:
        goes_on = " was begun before; it would go on, and" if found["begun_before"] else ""
        out.print(
            f"batch {batch}{goes_on} would assemble {words.counted(found['to_assemble'], 'strain')}; nothing is added"
        )
