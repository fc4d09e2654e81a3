"""What the commands print: one JSON document for programs, sentences and tables for people."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from crobot_tasks.cli.safe_text import safe_lines
from crobot_tasks.cli.text import wrap_text

#: columns of a line when it goes to no terminal, or is asked for with --wide: nothing is wrapped or shortened
UNBOUNDED = 2**31
_WIDE = "crobot.wide"
#: a sentence → the line that a service logs of it
_line_of: Callable[[str], str] | None = None
#: control characters that JSON allows in a text, but a terminal obeys, and characters that turn the reading direction
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def _remember_wide(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    ctx.meta[_WIDE] = value


wide_option = click.option(
    "--wide",
    is_flag=True,
    expose_value=False,
    callback=_remember_wide,
    help="Print whole rows, however long: full times and names, every column.",
)


class Printer(Console):
    """Where people read: texts are made safe and broken between words; what is in brackets is no markup."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, soft_wrap=True, **options)

    def print(self, *things: Any, **options: Any) -> None:
        """Print texts and tables."""
        super().print(*map(self._ready, things), **options)

    def _ready(self, thing: Any) -> Any:
        return Text(wrap_text(safe_lines(thing), self.width)) if isinstance(thing, str) else thing


def console(to_stderr: bool = False) -> Printer:
    """Return where to print; without a terminal there are no colours, and lines are as long as they are."""
    out = Printer(stderr=to_stderr)
    return out if out.is_terminal and not _wide() else Printer(stderr=to_stderr, width=UNBOUNDED)


def _wide() -> bool:
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(_WIDE))


def emit(as_json: bool, document: Any, show: Callable[[Console], None]) -> None:
    """Print the document, or let ``show`` tell it to a person."""
    if as_json:
        print_json(document)
        return
    out = console()
    if out.is_terminal:
        show(out)
        return
    # rich ends the program by itself when nobody reads on (`crobot jobs | head`); click leaves that to us
    with out.capture() as captured:
        show(out)
    click.echo(captured.get(), nl=False)


def print_json(document: Any) -> None:
    """Print one JSON document; times in ISO form with their zone."""
    click.echo(json_text(document, indent=2))


def json_text(document: Any, indent: int | None = None) -> str:
    """Return a JSON document that a terminal can print; times in ISO form with their zone."""
    text = json.dumps(document, indent=indent, ensure_ascii=False, default=_plain)
    return _UNSAFE_IN_JSON.sub(lambda found: json.dumps(found[0])[1:-1], text)


def print_text(text: str) -> None:
    """Print a file's text: as it is for programs, made safe for a terminal."""
    click.echo(safe_lines(text) if sys.stdout.isatty() else text, nl=False)


def say_as(line_of: Callable[[str], str] | None) -> None:
    """Let `say` print this line of a sentence, as services do whose log is no text; None: the sentence itself."""
    global _line_of
    _line_of = line_of


def say(text: str) -> None:
    """Print a sentence about what is going on, apart from what was asked for; a service that logs as JSON logs it."""
    if _line_of is not None:
        click.echo(_line_of(text), err=True)
        return
    console(to_stderr=True).print(text)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
