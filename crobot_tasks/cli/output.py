"""What the commands print: one JSON document for programs, tables and sentences for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

#: columns of a line when nobody's window says how wide it is
PIPE_WIDTH = 500

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def console(to_stderr: bool = False) -> Console:
    """Return where to print; without a terminal there are no colours, and lines are not cut."""
    out = Console(stderr=to_stderr, highlight=False, soft_wrap=True)
    return (
        out
        if out.is_terminal
        else Console(stderr=to_stderr, highlight=False, soft_wrap=True, width=PIPE_WIDTH)
    )


def emit(as_json: bool, document: Any, show: Callable[[Console], None]) -> None:
    """Print the document, or let ``show`` tell it to a person."""
    if as_json:
        print_json(document)
        return
    out = console()
    if out.is_terminal:
        show(out)
        return
    # a table's last column is padded to its width, which only litters a file
    with out.capture() as captured:
        show(out)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def print_json(document: Any) -> None:
    """Print one JSON document; times in ISO form with their zone."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, default=_plain))


def say(text: str) -> None:
    """Print a sentence about what is going on, apart from what was asked for."""
    console(to_stderr=True).print(text, markup=False)


def complain(kind: str, message: str, as_json: bool) -> None:
    """Print an error: a line on stderr, or a document on stdout."""
    if as_json:
        print_json({"error": {"type": kind, "message": message}})
    else:
        print(f"crobot: {message}", file=sys.stderr)


def table(columns: Iterable[str], rows: Iterable[Iterable[Any]], right: Iterable[str] = ()) -> Table:
    """Return a table without lines, which `cut` and `awk` can read; ``right`` names the columns of numbers."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    numbers = set(right)
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(_cell(value) for value in row))
    return made


def facts(values: Mapping[str, Any]) -> Table:
    """Return what is known of one thing, a line each; what is empty is left out."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in values.items():
        if value not in (None, ""):
            made.add_row(name, _cell(value))
    return made


def moment(at: datetime | None) -> str:
    """Return a time in the zone of this machine."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else ""


def duration(seconds: float | None) -> str:
    """Return a length of time: 0.3 s, 12 s, 1 min 20 s, 2 h 5 min, 3 d 4 h."""
    if seconds is None:
        return ""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    for unit, below, smaller, size in (
        ("min", 3600, "s", 60),
        ("h", 86400, "min", 3600),
        ("d", 2**63, "h", 86400),
    ):
        if whole < 60:
            return f"{whole} s"
        if whole < below:
            rest = whole % size // {"s": 1, "min": 60, "h": 3600}[smaller]
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return ""


def size(amount_bytes: float | None) -> str:
    """Return an amount of bytes: 12 B, 3.4 MiB, 8.0 GiB."""
    if amount_bytes is None:
        return ""
    value, units = float(amount_bytes), ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.0f} B" if units[0] == "B" else f"{value:.1f} {units[0]}"


def _cell(value: Any) -> Any:
    """Text from a database is data, never markup."""
    if isinstance(value, datetime):
        return Text(moment(value))
    return value if isinstance(value, Text | Table) else Text("" if value is None else str(value))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
