"""`crobot batch list`, `show`: how batches stand."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from crobot_tasks.batches.overview import Overview, listed, overview
from crobot_tasks.cli import services
from crobot_tasks.cli.batches import words
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, wide_option
from crobot_tasks.cli.tables import facts, table
from crobot_tasks.operate.amounts import duration, moment

_COLUMNS = (
    Column("Batch", Kind.NAME, least=16),
    Column("State", importance=9),
    Column("What", Kind.NAME, importance=4),
    Column("Species", Kind.NAME, importance=3),
    Column("Items", Kind.NUMBER, importance=7),
    Column("Over", Kind.NUMBER, importance=8),
    Column("Failed", Kind.NUMBER, importance=6),
    Column("Made", importance=2),
    Column("Left", Kind.NUMBER, importance=5),
)


@click.command("list")
@click.option("--all", "over", is_flag=True, help="Also those that are over.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@wide_option
@json_option
def list_(over: bool, limit: int, as_json: bool) -> None:
    """List the batches that are not over, the newest first."""
    services.ready_database()
    found = listed(limit, over=over)
    emit(as_json, found, lambda out: _show_list(out, found, over))


@click.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show how a batch stands, or the jobs that were sent with --batch NAME."""
    services.ready_database()
    found = overview(name)
    emit(as_json, found, lambda out: show_one(out, found))


def _show_list(out: Console, found: list[Overview], over: bool) -> None:
    if not found:
        out.print(
            "there are no batches" if over else "no batch is under way; --all lists those that are over"
        )
        return
    out.print(table(_COLUMNS, map(_line, found)))


def _line(found: Overview) -> list[Any]:
    items = found["items"]
    return [found["batch"], found["state"], words.kind(found), found["database"], items["size"],
            words.percent(items), items["failed"], found["created_at"], duration(found["left_s"])]  # fmt: skip


def show_one(out: Console, found: Overview, more: dict[str, Any] | None = None) -> None:
    """Print what is known of a batch, with ``more`` facts."""
    items = found["items"]
    lines: dict[str, Any] = {
        "Batch": f"{found['batch']}, {words.kind(found)}" + _of_species(found),
        "State": found["state"],
        "Items": f"{items['size']:,}, {words.percent(items)} over",
        "": words.by_state(items),
        "Failures": words.failures(items["failures"]),
    }
    out.print(facts(lines | (_more(found) if "created_at" in found else {}) | (more or {})))


def _of_species(found: Overview) -> str:
    return f" of {found['database']}" if found.get("database") else ""


def _more(found: Overview) -> dict[str, Any]:
    """Return what is known of a batch that was made, and not of jobs that merely carry a name."""
    items = found["items"]
    return {
        "Paused": found["paused_at"],
        "Because": found["pause_reason"],
        "Followers": f"{found['live_followers']:,} live" if found["live_followers"] else "",
        "Rate": words.rate(found["rate"]),
        "Ends": _end(found),
        "CPU": _cpu(items),
        "Params": [f"{name}={value}" for name, value in (found["shared"].get("params") or {}).items()],
        "Chosen by": found["chosen_by"],
        "User": found["user_id"] or "",
        "Workgroup": found["workgroup"],
        "Priority": str(found["priority"]),
        "Pauses at": _limit(found),
        "Made": found["created_at"],
        "Cancelled": found["cancelled_at"],
        "Over": found["ended_at"],
    }


def _end(found: Overview) -> str:
    if found["ends_at"] is None:
        return ""
    return f"about {moment(found['ends_at'])}, in {duration(found['left_s'])}"


def _cpu(items: dict[str, Any]) -> str:
    so_far = f"{words.hours(items['cpu_s'])} so far" if items["cpu_s"] else ""
    to_come = f"about {words.hours(items['to_come_cpu_s'])} to come" if items["to_come_cpu_s"] else ""
    return ", ".join(part for part in (so_far, to_come) if part)


def _limit(found: Overview) -> str:
    if found["max_failures"] is not None:
        return f"{found['max_failures']:,} failures"
    share = found["max_failed_share"]
    return f"{100 * share:g} % failures" if share is not None else ""
