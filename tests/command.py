"""The command `crobot` as tests type it: in this process, which knows the servers already, or in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

from crobot_tasks import cli
from tests.processes import PATIENCE_S


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def crobot(*arguments: object) -> Done:
    """Run the command in this process, which knows the servers already."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as complaints:
        code = cli.run([str(argument) for argument in arguments])
    return Done(code, out.getvalue(), complaints.getvalue())


def process(*arguments: object, **environment: str) -> Done:
    """Run the command as a user does: what it makes of the settings ends with it."""
    done = subprocess.run(
        [sys.executable, "-m", "crobot_tasks.cli", *map(str, arguments)],
        capture_output=True, text=True, timeout=PATIENCE_S, env=os.environ | environment, check=False,
    )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def document(*arguments: object, code: int = 0) -> Any:
    """What the command says with --json."""
    done = crobot(*arguments, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


#: runs the command, and names what was imported when it ended
_MODULES = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, sep="\\n", file=sys.stderr))
from crobot_tasks.cli import main
main()
"""


def loaded_by(*arguments: object, **environment: str) -> set[str]:
    """The packages that a process loads for a command."""
    done = subprocess.run(
        [sys.executable, "-c", _MODULES, *map(str, arguments)],
        capture_output=True, text=True, timeout=60, env=os.environ | environment, check=False,
    )  # fmt: skip
    return {line.partition(".")[0] for line in done.stderr.splitlines()}
