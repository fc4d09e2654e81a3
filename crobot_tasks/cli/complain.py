"""How a command says that it failed; imports no other package, since any of them may be missing."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap

from crobot_tasks.cli.safe_text import safe_lines


def complain(kind: str, message: str, as_json: bool) -> None:
    """Print an error: a line on stderr, or a document on stdout, in ASCII so that no terminal obeys it."""
    if as_json:
        print(json.dumps({"error": {"type": kind, "message": message}}, indent=2))
    else:
        say_plainly(f"crobot: {message}")


def say_plainly(text: str) -> None:
    """Print a text on stderr, broken between words if that is a terminal."""
    lines = safe_lines(text).split("\n")
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        lines = [textwrap.fill(one, width, break_long_words=False, break_on_hyphens=False) for one in lines]
    print(*lines, sep="\n", file=sys.stderr)
