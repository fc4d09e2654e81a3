"""`crobot status`: the whole system on one page."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.output import emit, json_option, say
from crobot_tasks.cli.steer.selection import jobs_in_words
from crobot_tasks.cli.tables import facts
from crobot_tasks.head.numbers import in_words
from crobot_tasks.operate import explain, paused
from crobot_tasks.operate.amounts import ago, duration
from crobot_tasks.operate.nodes import describe
from db.crobot import JobState, counting, deliveries, numbers, overview, unapplied
from db.crobot import jobs as queries
from db.engine import transaction


@click.command()
@json_option
def status(as_json: bool) -> None:
    """Say how many jobs are in which state, which waits longest and why, and who is at work."""
    services.ready_database()
    with transaction() as session:
        counts = counting.counts(session)
        oldest = overview.oldest_waiting(session)
        found = {
            "jobs": {state: counts[state] for state in JobState},
            "estimated": sorted(counts.estimated),
            "oldest_waiting": oldest and dict(oldest._mapping) | {"why": explain.why_waiting(oldest.id)},
            "held": overview.held(session),
            "unapplied": [dict(row._mapping) for row in unapplied.waiting(session)],
            "paused": paused.described(session),
            "nodes": Counter(describe(row)["state"] for row in queries.nodes(session)),
            "heads_heard_s_ago": queries.heartbeats_read_s_ago(session),
            "restores": [dict(row._mapping) | {"text": in_words(row)} for row in numbers.restores(session)],
            "unread_callbacks": overview.unread_callbacks(session),
            "unposted": (row := deliveries.unposted(session)) and dict(row._mapping),
            "warning": explain.heads_warning(session) or None,
        }
    found["broker_warning"] = (found["warning"] and _broker_warning()) or None
    emit(as_json, found, lambda out: _show(out, found))


def _broker_warning() -> str:
    """Say why the broker takes no messages; empty if it does."""
    # by name: Celery takes half a second to load, and is asked only when something is wrong
    return str(import_module("crobot_tasks.cli.broker").why_not_ready())


def _number(number: int, estimated: bool) -> str:
    """Say a number, and of an estimate no digits that it does not know."""
    return f"about {float(f'{number:.2g}'):,.0f}" if estimated else f"{number:,}"


def _show(out: Console, found: dict[str, Any]) -> None:
    lines: dict[str, Any] = {
        state: _number(number, state in found["estimated"]) for state, number in found["jobs"].items()
    }
    oldest = found["oldest_waiting"]
    if oldest:
        lines["Longest waiting"] = (
            f"job {oldest['id']}, {duration(float(oldest['waited_s']))}: {oldest['why']}"
        )
    if found["held"]:
        lines["Held"] = f"{jobs_in_words(found['held'])}; `crobot jobs --held` lists them"
    if found["unapplied"]:
        lines["Not applied"] = "; ".join(map(_in_words, found["unapplied"][:3]))
    if found["paused"]:
        lines["Paused"] = "; ".join(one["text"] for one in found["paused"])
    lines["Nodes"] = [f"{number:,} {state}" for state, number in found["nodes"].items()] or "none"
    if found["heads_heard_s_ago"] is not None:
        lines["Heads"] = f"heard the nodes {duration(found['heads_heard_s_ago'])} ago"
    out.print(facts(lines))
    _warn(found)


def _warn(found: dict[str, Any]) -> None:
    for restore in found["restores"]:
        say(f"warning: {ago(restore['noticed_at'])}: {restore['text']}")
    for warning in filter(None, (found["warning"], found["broker_warning"])):
        say(f"warning: {warning}")
    if found["unread_callbacks"]:
        say(
            f"warning: nobody reads the {found['unread_callbacks']:,} messages to plain tasks in crobot.callbacks:"
            " start `crobot callbacks`"
        )
    if unposted := found["unposted"]:
        say(
            f"warning: outcomes are due, and nobody posts them ({unposted['outcomes']:,}, the first since"
            f" {ago(unposted['since'])}): start `crobot callbacks`"
        )


def _in_words(waiting: dict[str, Any]) -> str:
    """Say how many jobs have ended on their nodes, but not here, and why."""
    return f"reports of {jobs_in_words(waiting['reports'])}, the first {ago(waiting['since'])}: {waiting['reason']}"
