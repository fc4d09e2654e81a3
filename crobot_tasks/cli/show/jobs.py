"""`crobot jobs`: a list of jobs, the newest first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, wide_option
from crobot_tasks.cli.progress import in_words
from crobot_tasks.cli.steer.selection import filters
from crobot_tasks.cli.tables import table
from crobot_tasks.operate import explain, names
from crobot_tasks.operate.amounts import duration
from db.crobot import LIVE, JobState
from db.crobot import jobs as queries
from db.crobot.selection import Selection
from db.engine import transaction

_COLUMNS = (
    Column("Job", Kind.ID),
    Column("State", importance=9),
    Column("Pipeline", importance=8),
    Column("Species", Kind.NAME, importance=3),
    # an assembly's barcode has 15 letters
    Column("Tag", Kind.NAME, importance=7, least=15),
    Column("Node", Kind.NAME, importance=5),
    Column("Sent", importance=6),
    Column("Ran", Kind.NUMBER, importance=4),
    Column("Note", Kind.TEXT),
)


@click.command()
@filters
@click.option("--held", is_flag=True, help="Only jobs that are held.")
@click.option("--node", help="Only jobs that are, or ended, on this node.")
@click.option("--before", type=int, help="Only jobs with a smaller number: the next page.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@wide_option
@json_option
def jobs(selection: Selection, held: bool, node: str | None, as_json: bool, **page: Any) -> None:
    """List jobs, the newest first."""
    services.ready_database()
    with transaction() as session:
        rows = queries.listing(session, replace(selection, held=held, node=node), **page)
        live = [row.id for row in rows if row.state in LIVE]
        reasons = explain.why_each_waits(session, live)
    if not rows:
        names.check(selection)  # a name that was mistyped is no empty list
    found = [dict(row._mapping) | {"why": reasons.get(row.id, "")} for row in rows]
    emit(as_json, found, lambda out: _show(out, found))


def _show(out: Console, found: list[dict[str, Any]]) -> None:
    if not found:
        out.print("no such jobs")
        return
    out.print(table(_COLUMNS, [_line(job) for job in found]))


def _line(job: dict[str, Any]) -> list[Any]:
    pipeline = f"{job['pipeline']} {job['version']}".strip()
    return [job["id"], job["state"], pipeline, job["database"], job["tag"], job["node"], job["sent_at"],
            duration(job["run_s"]), _note(job)]  # fmt: skip


def _note(job: dict[str, Any]) -> str | None:
    if job["held_at"] and job["state"] == JobState.RUNNING:
        return f"held, so not tried again: {job['hold_reason']}"
    if job["state"] == JobState.RUNNING:
        return in_words(job["progress"]) or job["message"]
    return job["why"] if job["state"] in (JobState.WAITING, JobState.ROUTED) else job["message"]
