"""`crobot servers`: the embedded PostgreSQL and Valkey."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks import embedded
from crobot_tasks.cli import broker, services
from crobot_tasks.cli.output import emit, json_option
from crobot_tasks.cli.start import foreground
from crobot_tasks.cli.tables import facts


@click.command()
@json_option
def start(as_json: bool) -> None:
    """Run the embedded servers until Ctrl-C, so that commands one after the other need not start them each time."""
    if celeryconfig.crobot_database_url and celeryconfig.crobot_broker_url:
        raise BadInput("nothing to start: CROBOT_DATABASE_URL and CROBOT_BROKER_URL name servers of your own")
    services.ready_database()
    places = {"database": services.database_address(), "broker": broker.address()}
    with foreground.until_told_to_end():
        emit(as_json, places, lambda out: out.print(facts(places | {"running": "until Ctrl-C"})))


@click.command()
@click.option("--force", is_flag=True, help="Even if processes use them.")
@json_option
def stop(force: bool, as_json: bool) -> None:
    """Stop the embedded servers, for instance after their users were killed."""
    embedded.stop(_data_dir(), force=force)
    emit(as_json, {"stopped": True}, lambda out: out.print("the embedded servers are stopped"))


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Say what runs, where, and which processes use it."""
    found = embedded.status(_data_dir())
    document = {
        "data_dir": str(found.data_dir),
        "servers": [vars(server) for server in found.servers],
        "users": list(found.users),
    }
    emit(as_json, document, lambda out: _show(out, document))


def _data_dir() -> Path:
    return Path(celeryconfig.crobot_data_dir)


def _show(out: Console, found: dict[str, Any]) -> None:
    lines: dict[str, Any] = {"data directory": Path(found["data_dir"])}
    for server in found["servers"]:
        running = f"process {server['pid']} on port {server['port']}"
        lines[server["name"]] = running if server["pid"] else "not running"
    lines["used by"] = [f"process {pid}" for pid in found["users"]] or "nobody"
    out.print(facts(lines))
