"""Queues that nobody reads, and pipelines with waiting jobs that no node offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crobot_tasks.broker.queues import HEARTBEATS, NODE_QUEUES, REPORTS, SETTLE, waiting_in
from crobot_tasks.celery import app
from crobot_tasks.operate.doctor.finding import Finding, ok, problem, warning
from crobot_tasks.operate.doctor.seen import Seen, looking
from crobot_tasks.operate.nodes import describe
from db.crobot import at_work, jobs

#: so many unread messages say that heads do not keep up
MANY = 1000


def examine(seen: Seen) -> Iterator[Finding]:
    """Look at the queues of heads."""
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        unread = {name: waiting_in(name, channel) for name in (HEARTBEATS, REPORTS, SETTLE)}
        left = dict(_without_node(connection, seen))
    if alone := [name for name in unread if not seen.reads(name)]:
        yield problem(
            f"no worker reads {', '.join(alone)}, where {sum(unread[name] for name in alone):,} messages lie",
            "results of nodes are not written, and chords and chains do not go on",
            "start `crobot head`",
        )
    for name, number in unread.items():
        if number > MANY and name not in alone:
            yield warning(
                f"{number:,} messages lie in the queue {name}",
                "heads do not keep up: results come late",
                "start another `crobot head`",
            )
    for name, number in left.items():
        yield warning(
            f"{number:,} messages lie in the queue {name}, and no such node answers",
            "the attempts in them are sent to other nodes; the messages only take memory",
            f"start that node again, or `crobot nodes forget {name.removeprefix(NODE_QUEUES)}`",
        )
    if not alone and not left:
        yield ok("every queue is read")


def examine_waiting(seen: Seen) -> Iterator[Finding]:
    """Look for pipelines with waiting jobs that no node offers."""
    with looking() as session:
        nodes = [describe(row) for row in jobs.nodes(session)]
        waiting = {row.pipeline: row.waiting - row.held for row in at_work.live(session)}
    offered = {name for node in nodes if node["state"] == "up" for name in node["pipelines"]}
    stuck = {name: number for name, number in waiting.items() if number > 0 and name not in offered}
    for name, number in stuck.items():
        yield problem(
            f"{number:,} jobs of {name} wait, and no node that is up offers it",
            "they wait until one does",
            "`crobot nodes` says what is missing where",
        )
    if not stuck:
        yield ok("some node offers each pipeline for which jobs wait")


def _without_node(connection: Any, seen: Seen) -> Iterator[tuple[str, int]]:
    """Queues of nodes with messages, where no such node answers; only Redis and Valkey tell their names."""
    if connection.transport.driver_type != "redis":
        return
    client = connection.default_channel.client
    for key in client.scan_iter(match=f"{NODE_QUEUES}*", count=1000, _type="LIST"):
        name = key.decode() if isinstance(key, bytes) else key
        if not seen.reads(name) and (number := client.llen(key)):
            yield name, number
