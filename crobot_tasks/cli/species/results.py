"""`crobot results`: what is known of all genomes of a species, as one table."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_text, wide_option
from crobot_tasks.cli.table_file import opened
from crobot_tasks.cli.tables import table
from crobot_tasks.results import Results, table_text

_COLUMNS = (
    Column("Strain", Kind.NAME, importance=9, least=20),
    Column("Assembly", importance=8),
    Column("Status", importance=7),
)
_FAILED = Column("Failed", Kind.TEXT)


@click.command()
@click.argument("species")
@click.option(
    "--scheme",
    "schemes",
    multiple=True,
    metavar="SCHEME",
    help="Only columns of this scheme; may be given several times.  [default: all]",
)
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Only lines with this, as country=Ireland, n50>=50000, SeroPred.serovar~typhi; all of several.",
)
@click.option("--in-use", is_flag=True, help="Only the assembly in use of each strain.")
@click.option("--tsv", metavar="FILE", help="Write all columns and lines, with tabs; - prints them.")
@click.option(
    "--csv", "csv_", metavar="FILE", help="Write all columns and lines, with commas; - prints them."
)
@click.option("--json", "as_json", is_flag=True, help="Print all columns and lines as one JSON document.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Without a file: show so many of the newest.",
)
@wide_option
def results(
    species: str,
    schemes: tuple[str, ...],
    where: tuple[str, ...],
    in_use: bool,
    tsv: str | None,
    csv_: str | None,
    as_json: bool,
    limit: int,
) -> None:
    """List what is known of all genomes of a species, as one table: a line an assembly, the oldest first.

    A file has the strain with its metadata, the statistics and the QA with its reasons, and of each scheme what it
    found: sequence type, clonal complex and alleles, serovar, counts; how it stands, and by which version. Columns of
    a scheme are named as MLST_Achtman.ST.
    """  # fmt: skip
    if sum((tsv is not None, csv_ is not None, as_json)) > 1:
        raise click.UsageError("give one of --tsv, --csv and --json")
    services.ready_database()
    found = Results(species, schemes=schemes, where=where, in_use=in_use)
    if tsv is not None:
        _write(tsv, table_text.tsv, found)
    elif csv_ is not None:
        _write(csv_, table_text.csv_, found)
    elif as_json:
        _write("-", _json, found)
    else:
        emit(False, None, lambda out: _show(out, found, limit))


def _write(path: str, text: Callable[[Results], Iterator[str]], found: Results) -> None:
    with opened(path) as file:
        file.writelines(text(found))


def _json(found: Results) -> Iterator[str]:
    """Yield a list of objects, one at a time."""
    names = [column.name for column in found.columns]
    before = "[\n"
    for row in found.rows():
        yield before + json_text(dict(zip(names, row, strict=True)))
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _show(out: Console, found: Results, limit: int) -> None:
    """Print the newest lines, with one column a scheme."""
    newest: deque[list[Any]] = deque(maxlen=limit)
    of_assembly = {column.name: column for column in found.columns}
    fixed = [of_assembly[name] for name in ("strain", "barcode", "status")]
    columns = [*fixed, *found.main_columns, of_assembly["qa"]]
    lines = 0
    for line in found.lines():
        newest.append([_cell(column.value(line)) for column in columns])
        lines += 1
    if not lines:
        out.print("no assembly is like that")
        return
    titles = [Column(column.name.partition(".")[0], Kind.ID) for column in found.main_columns]
    out.print(table((*_COLUMNS, *titles, _FAILED), list(newest)))
    more = f"the newest {limit:,} of {lines:,} assemblies; " if lines > limit else ""
    out.print(f"{more}--tsv FILE, --csv FILE and --json have all columns: {len(found.columns):,}")


def _cell(value: Any) -> Any:
    return "" if value is None else value
