"""`crobot nodes`, `nodes forget`, `drain`, `resume`: the calculation nodes, and whether they get jobs."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, say, wide_option
from crobot_tasks.cli.tables import table
from crobot_tasks.operate import explain, forget, paused
from crobot_tasks.operate import nodes as steering
from crobot_tasks.operate.amounts import duration, moment, size
from crobot_tasks.operate.node_lacks import in_words
from crobot_tasks.operate.nodes import describe
from db.crobot import jobs as queries
from db.engine import transaction

_COLUMNS = (
    Column("Node", Kind.NAME),
    Column("State", importance=9),
    Column("Cores", importance=7),
    Column("Memory", Kind.NUMBER, importance=5),
    Column("Jobs", Kind.NUMBER, importance=8),
    Column("Heard", importance=6),
    Column("Pipelines", Kind.LIST),
)


@click.group(invoke_without_command=True)
@wide_option
@json_option
@click.pass_context
def nodes(context: click.Context, as_json: bool) -> None:
    """List the calculation nodes: what they offer, what they are doing, what they lack."""
    if context.invoked_subcommand is None:
        _list(as_json)


@nodes.command("forget")
@click.argument("name", metavar="NODE")
@json_option
def forget_node(name: str, as_json: bool) -> None:
    """Forget a node that is silent and will not come back; it is listed no longer."""
    services.ready_database()
    forget.forget(name)
    emit(as_json, {"node": name, "forgotten": True}, lambda out: out.print(f"{name} is forgotten"))


def _list(as_json: bool) -> None:
    services.ready_database()
    with transaction() as session:
        found = [describe(row) for row in queries.nodes(session)]
        warning, pauses = explain.heads_warning(session), paused.described(session)
    document = {"nodes": found, "paused": pauses, "warning": warning or None}
    emit(as_json, document, lambda out: _show(out, found, pauses, warning))


@click.command()
@click.argument("name", metavar="NODE")
@click.option("--reason", required=True, help="Why, for those who wonder.")
@json_option
def drain(name: str, reason: str, as_json: bool) -> None:
    """Give a node no new jobs; it finishes what it has. Drain before you stop or upgrade a node."""
    services.ready_database()
    with transaction() as session:
        live = steering.drain(session, name, reason)
    left = f"it finishes {live} job{'s' if live != 1 else ''}" if live else "it has no jobs"
    emit(
        as_json,
        {"node": name, "drained": True, "live": live},
        lambda out: out.print(f"{name} gets no new jobs; {left}"),
    )


@click.command()
@click.argument("name", metavar="NODE")
@json_option
def resume(name: str, as_json: bool) -> None:
    """Give a drained or quarantined node jobs again; what failed there before is forgiven."""
    services.ready_database()
    with transaction() as session:
        steering.resume(session, name)
    emit(
        as_json,
        {"node": name, "drained": False, "quarantined": False},
        lambda out: out.print(f"{name} gets jobs again"),
    )


def _show(out: Console, found: list[dict[str, Any]], pauses: list[dict[str, Any]], warning: str) -> None:
    if found:
        out.print(table(_COLUMNS, [_line(node) for node in found]))
    else:
        out.print("no calculation node has ever reported; start one with `crobot node --name NAME`")
    for node in found:
        if node["drain_reason"]:
            out.print(f"{node['name']} is drained: {node['drain_reason']}")
        if node["quarantined_at"]:
            out.print(_quarantine(node))
    for sentence in in_words({node["name"]: (node["pipelines"], node["unavailable"]) for node in found}):
        out.print(sentence)
    for one in pauses:
        out.print(one["text"])
    if warning:
        say(f"warning: {warning}")


def _quarantine(node: dict[str, Any]) -> str:
    since, name = moment(node["quarantined_at"]), node["name"]
    return (
        f"{name} is quarantined since {since}: {node['quarantine_reason']}. "
        f"It gets no jobs until `crobot resume {name}`"
    )


def _line(node: dict[str, Any]) -> list[Any]:
    pipelines = [f"{name} {version}".strip() for name, version in node["pipelines"].items()]
    return [node["name"], node["state"], _cores(node), size(node["memory_bytes"]),
            node["live_attempts"], f"{duration(node['heard_s_ago'])} ago", pipelines]  # fmt: skip


def _cores(node: dict[str, Any]) -> str:
    """Short jobs may queue on a node, so live attempts can have more cores together than it has."""
    queued = max(0, node["cores_used"] - node["cores"])
    used = f"{node['cores_used'] - queued} of {node['cores']}"
    return f"{used}, {queued} queued" if queued else used
