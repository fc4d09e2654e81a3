"""`crobot explain`: why a job runs where it runs, or why it waits."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, wide_option
from crobot_tasks.cli.tables import facts, table
from crobot_tasks.cli.values import JOB
from crobot_tasks.operate import explain as explaining
from crobot_tasks.operate.amounts import duration
from crobot_tasks.operate.explain import Explanation
from db.crobot import jobs as queries
from db.engine import transaction

_NODE_COLUMNS = (Column("Nodes", Kind.LIST), Column("Now", Kind.TEXT))
_ATTEMPT_COLUMNS = (
    Column("Attempt", Kind.ID),
    Column("Node", Kind.NAME),
    Column("Ended as", importance=4),
    Column("Why there", Kind.TEXT),
    Column("Message", Kind.TEXT),
)


@click.command()
@click.argument("job_id", metavar="JOB", type=JOB)
@wide_option
@json_option
def explain(job_id: int, as_json: bool) -> None:
    """Say why a job runs where it runs or why it waits, what each node lacks, its turn, and when it may begin."""
    services.ready_database()
    found = explaining.explain(job_id)
    with transaction() as session:
        attempts = [_attempt(row) for row in queries.attempts(session, job_id)]
    document = vars(found) | {"attempts": attempts}
    emit(as_json, document, lambda out: _show(out, found, attempts))


def _attempt(row: Any) -> dict[str, Any]:
    names = ("number", "node", "reason", "routed_at", "started_at", "ended_at", "outcome", "message")
    return {name: getattr(row, name) for name in names}


def _show(out: Console, found: Explanation, attempts: list[dict[str, Any]]) -> None:
    out.print(
        facts({"Job": str(found.job_id), "State": found.state, "Why": found.why or None, **_turn(found)})
    )
    if found.nodes:
        out.print()
        out.print(table(_NODE_COLUMNS, _by_verdict(found.nodes)))
    if attempts:
        out.print()
        keys = ("number", "node", "outcome", "reason", "message")
        out.print(table(_ATTEMPT_COLUMNS, [[one[key] for key in keys] for one in attempts]))


def _by_verdict(nodes: dict[str, str]) -> list[tuple[list[str], str]]:
    """Return each verdict once, with the nodes that it is on."""
    verdicts: dict[str, list[str]] = {}
    for name, why in nodes.items():
        verdicts.setdefault(why or "would take it", []).append(name)
    return [(names, why) for why, names in verdicts.items()]


def _turn(found: Explanation) -> dict[str, Any]:
    if found.own_ahead is None:
        return {}
    own = "the first of its user" if not found.own_ahead else f"after {found.own_ahead:,} others of its user"
    owners = f", {found.owners_ahead:,} users come before" if found.owners_ahead else ""
    begins = (
        "later than can be foreseen"
        if found.starts_in_s is None
        else f"in about {duration(found.starts_in_s)}"
    )
    return {"Turn": own + owners, "Begins": begins}
