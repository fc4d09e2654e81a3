"""`crobot policy`: the rules of placement and retries that are in force, and whether a file of them is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from crobot_errors import BadPolicy
from crobot_tasks.cli import services
from crobot_tasks.cli.output import emit, json_option, say
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.operate.amounts import moment
from crobot_tasks.router.policy import read
from db.crobot import policies as queries
from db.engine import transaction


@click.command()
@json_option
def show(as_json: bool) -> None:
    """Show the policy in force, since when, and from which file."""
    services.ready_database()
    with transaction() as session:
        row = queries.current(session)
    found = {
        "toml": row.toml if row else "",
        "source": row.source if row else None,
        "accepted_at": row.accepted_at if row else None,
        "file": str(policy_in_force.path()),
        "warning": _state_of_file(row.toml if row else None),
    }
    emit(as_json, found, lambda out: _show(out, found))


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
def check(file: Path, as_json: bool) -> None:
    """Check a policy's file; nothing is put in force."""
    try:
        read(file.read_text())
    except UnicodeError as error:
        raise BadPolicy(f"{file} is not text: {error}") from error
    emit(as_json, {"file": str(file), "right": True}, lambda out: out.print(f"{file} is right"))


def _state_of_file(in_force: str | None) -> str | None:
    """Say what is the matter with the file on this machine."""
    path = policy_in_force.path()
    try:
        text = path.read_text()
        read(text)
    except FileNotFoundError:
        return None
    except (BadPolicy, OSError, UnicodeError) as error:
        return f"{path} is wrong and not in force: {error}"
    return None if text == in_force else f"{path} is not in force: no head of this machine has taken it yet"


def _show(out: Console, found: dict[str, Any]) -> None:
    if found["source"] is None:
        out.print(f"the defaults are in force; write {found['file']} to change them")
    else:
        out.print(f"in force since {moment(found['accepted_at'])}, from {found['source']}")
        out.print()
        out.print(found["toml"])
    if found["warning"]:
        say(f"warning: {found['warning']}")
