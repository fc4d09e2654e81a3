"""`crobot token create`, `list`, `revoke`: tokens of the HTTP API."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, wide_option
from crobot_tasks.cli.tables import table
from crobot_tasks.cli.values import DURATION
from crobot_tasks.operate import tokens
from crobot_tasks.operate.amounts import moment
from crobot_tasks.operate.tokens import Scope

_COLUMNS = (
    Column("Token", Kind.ID),
    Column("Name", Kind.NAME, importance=8),
    Column("User", Kind.ID, importance=7),
    Column("Workgroup", Kind.NAME, importance=5),
    Column("Scopes", Kind.LIST),
    Column("Is", importance=9),
    Column("Expires", importance=4),
)


@click.command()
@click.option(
    "--user",
    "user_id",
    type=click.IntRange(1, 2**31 - 1),
    required=True,
    help="Whose jobs it sends and sees.",
)
@click.option("--workgroup", default="", help="Whose jobs it sees, too, and sends for.")
@click.option("--scope", "scopes", multiple=True, type=click.Choice([scope.value for scope in Scope]),
              default=[Scope.JOBS_READ.value, Scope.JOBS_SEND.value], show_default=True,
              help="What it may do; may be given several times.")  # fmt: skip
@click.option(
    "--expires",
    "expires_s",
    type=DURATION,
    help="After this time it counts no longer: 90d.  [default: never]",
)
@click.option("--name", required=True, help="Who uses it, for people.")
@json_option
def create(as_json: bool, scopes: tuple[str, ...], **given: Any) -> None:
    """Make a token of the HTTP API; it is shown once."""
    services.ready_database()
    token, document = tokens.create(scopes=[Scope(scope) for scope in scopes], **given)
    document |= {"token": token}
    emit(as_json, document, lambda out: _show_token(out, document))


def _show_token(out: Console, made: dict[str, Any]) -> None:
    until = f"until {moment(made['expires_at'])}" if made["expires_at"] else "until it is revoked"
    out.print(f"token {made['id']} of user {made['user_id']} for {', '.join(made['scopes'])}, {until}")
    out.print(made["token"])
    out.print("Keep it now: it is not shown again. Send it as `Authorization: Bearer …`")


@click.command("list")
@wide_option
@json_option
def list_(as_json: bool) -> None:
    """List the tokens of the HTTP API, also those that are over."""
    services.ready_database()
    found = tokens.listing()
    emit(as_json, found, lambda out: _show(out, found))


def _show(out: Console, found: list[dict[str, Any]]) -> None:
    if not found:
        out.print("no tokens yet; `crobot token create` makes one")
        return
    lines = [[one["id"], one["name"], one["user_id"], one["workgroup"], one["scopes"], one["standing"],
              moment(one["expires_at"])] for one in found]  # fmt: skip
    out.print(table(_COLUMNS, lines))


@click.command()
@click.argument("token_id", metavar="TOKEN", type=click.IntRange(1, 2**31 - 1))
@json_option
def revoke(token_id: int, as_json: bool) -> None:
    """Let a token count no longer, from now on."""
    services.ready_database()
    document = tokens.revoke(token_id)
    emit(as_json, document, lambda out: out.print(f"token {token_id} ({document['name']}) is revoked"))
