"""The command `crobot`: one module a noun; what it does is done elsewhere, here it is asked for and shown."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from io import StringIO
from typing import NoReturn

import click

from crobot_errors import CRobotError
from crobot_tasks.cli import installation
from crobot_tasks.cli.commands import crobot
from crobot_tasks.cli.complain import complain, say_plainly
from crobot_tasks.cli.leave import leave

#: a shell's exit code for a command that was ended by Ctrl-C
INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line and exit."""
    # as an exception, so that embedded servers which only this command uses are stopped
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        code = run(sys.argv[1:])
    except SystemExit as end:
        if isinstance(end.code, str):
            raise
        code = end.code or 0
    leave(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code: 0, 1 (it failed, and says why), 2 (wrong usage) or 130 (Ctrl-C)."""
    as_json = "--json" in arguments
    try:
        returned = crobot.main(list(arguments), prog_name="crobot", standalone_mode=False)
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        if as_json:
            complain("WrongUsage", error.format_message(), as_json)
        else:
            text = StringIO()
            error.show(text)
            say_plainly(text.getvalue().rstrip())
        return error.exit_code
    except CRobotError as error:
        complain(type(error).__name__, str(error), as_json)
        return 1
    except ImportError as error:  # of what is loaded only when it is needed, by us or by a library
        complain(
            "BrokenInstallation",
            str(installation.broken(" ".join(["crobot", *arguments[:1]]), error)),
            as_json,
        )
        return 1
    except BrokenPipeError:  # `crobot jobs | head`
        sys.stderr.close()
        return 0
    return returned if isinstance(returned, int) else 0
