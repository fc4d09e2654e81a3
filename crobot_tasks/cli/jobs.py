"""`crobot jobs`: a list of jobs, the newest first."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from crobot_tasks import explain
from crobot_tasks.cli import services
from crobot_tasks.cli.output import duration, emit, json_option, moment, table
from db import jobs as queries
from db.crobot import LIVE, JobState
from db.engine import transaction

_COLUMNS = ("Job", "State", "Pipeline", "Species", "Tag", "Node", "Sent", "Ran", "Note")


@click.command()
@click.option("--state", "states", multiple=True, type=click.Choice([*JobState, "LIVE"], case_sensitive=False),
              help="Only these; may be given several times.")  # fmt: skip
@click.option("--pipeline", help="Only jobs of this pipeline.")
@click.option("--species", "database", help="Only jobs of this species.")
@click.option("--node", help="Only jobs that are, or ended, on this node.")
@click.option("--tag", help="Only jobs with this tag (accessions, or an assembly's barcode).")
@click.option("--before", type=int, help="Only jobs with a smaller number: the next page.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@json_option
def jobs(states: tuple[str, ...], as_json: bool, **filters: Any) -> None:
    """List jobs, the newest first."""
    services.ready_database()
    wanted = {name for state in states for name in (LIVE if state == "LIVE" else [state])}
    with transaction() as session:
        rows = queries.listing(session, states=sorted(wanted), **filters)
        live = [row.id for row in rows if row.state in LIVE]
        reasons = explain.why_each_waits(session, live)
    found = [dict(row._mapping) | {"why": reasons.get(row.id, "")} for row in rows]
    emit(as_json, found, lambda out: _show(out, found))


def _show(out: Console, found: list[dict[str, Any]]) -> None:
    if not found:
        out.print("no such jobs")
        return
    out.print(table(_COLUMNS, [_line(job) for job in found], right=("Job", "Ran")))


def _line(job: dict[str, Any]) -> list[Any]:
    pipeline = f"{job['pipeline']} {job['version']}".strip()
    note = job["why"] if job["state"] in (JobState.WAITING, JobState.ROUTED) else job["message"]
    return [job["id"], job["state"], pipeline, job["database"], job["tag"], job["node"], moment(job["sent_at"]),
            duration(job["run_s"]), note]  # fmt: skip
