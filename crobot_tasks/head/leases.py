"""(f) Heartbeats and reports arrive here: leases are renewed, lost attempts rescued, dead ones stopped."""

from __future__ import annotations

import logging
from typing import Any

import celeryconfig
from crobot_errors import BadInput, OutcomeKind
from crobot_tasks.broker.formats import AttemptKey, attempt_id
from crobot_tasks.broker.queues import HEARTBEATS, MOST_UNREAD, REPORTS, ack_queue, queue, waiting_in
from crobot_tasks.celery import app
from crobot_tasks.head import incoming
from crobot_tasks.head.numbers import numbers
from crobot_tasks.lifecycle import finish, policy_in_force
from crobot_tasks.lifecycle.finishing.report import Report
from crobot_tasks.lifecycle.progress import tell_progress
from crobot_tasks.lifecycle.stop_order import stop_attempts
from db.crobot import finishing, leases, parking
from db.engine import notify, retrying, transaction

log = logging.getLogger(__name__)

#: the rescue's message comes every heartbeat; if so many did not come, nobody can say which node was silent
_GAP_BEATS = 4

Attempts = list[AttemptKey]


@app.task(name="crobot.heartbeat", ignore_result=True, send_events=False)
def heartbeat(message: dict[str, Any]) -> None:
    """Store what a node says of itself, and compare the attempts that it names with those that it should have."""
    if not incoming.readable(message):
        return
    node, incarnation = message["node"], message["incarnation"]
    try:
        described = incoming.description(message)
        running, attempts = incoming.attempts(message, "running"), incoming.attempts(message, "known")
    except BadInput as error:
        log.error("a heartbeat of node %s is dropped: %s", node, error, extra={"node": node})
        return
    numbers.hear(node, attempts)
    known, late = _named(attempts), _unread()

    def note() -> tuple[Attempts, Attempts] | None:
        with transaction() as session:
            if not leases.heartbeat(session, described):
                return None
            finishing.start(session, running, node, incarnation)
            earlier = leases.of_earlier_incarnations(session, node, incarnation, known)
            notify(session, parking.CHANNEL)
            if late > leases.nodes_up(session):
                # This heartbeat is old: what it does not name may have been sent after it.
                leases.clear_missing(session, node)
                return earlier, []
            return earlier, leases.missing(
                session, node, known, described["queued"], celeryconfig.crobot_missing_s
            )

    if (found := retrying(note)) is None:
        log.info(
            "a heartbeat of node %s that came late, or from an earlier life of it, is passed over",
            node,
            extra={"node": node},
        )
        return
    earlier, missing = found
    unknown = f"node {node} does not know the attempt, though its queue is empty"
    finish.apply(_lost(*attempt, f"node {node} was restarted") for attempt in earlier)
    finish.apply(_lost(*attempt, unknown) for attempt in missing)
    _stop_unwanted(node, running)


@app.task(name="crobot.reports", ignore_result=True, send_events=False)
def reports(message: dict[str, Any]) -> None:
    """Apply a node's reports, acknowledge them, and stop what it should not be running."""
    if not incoming.readable(message):
        return
    node = message["node"]
    try:
        running, received = incoming.attempts(message, "running"), incoming.reports(message)
        progress = incoming.progress(message)
        running += progress  # whoever tells how far it is has begun
    except BadInput as error:
        log.error("reports of node %s are dropped: %s", node, error, extra={"node": node})
        return
    if running:
        retrying(lambda: _start(running, node, message["incarnation"]))
    if progress:
        tell_progress(node, progress)
    waiting = finish.apply(received)
    if applied := [report.key for report in received if report.key not in waiting]:
        _acknowledge(node, _named(applied))
    _stop_unwanted(node, running)


@app.task(name="crobot.rescue", ignore_result=True, send_events=False)
def rescue() -> None:
    """Find silent nodes. This message was queued behind the heartbeats, so those before it have all been read.

    While more lie behind it than one from each node, heads were away, and nodes may have kept silent since nobody read
    what they said. Such a message is passed over, and so nobody is judged until heads have listened for a whole lease.
    """
    late = _unread()
    if late > MOST_UNREAD:
        return
    with transaction() as session:
        if late > leases.nodes_up(session) + 1:
            return
        gap_s = min(_GAP_BEATS * celeryconfig.crobot_heartbeat_s, celeryconfig.crobot_lease_s / 2)
        if not leases.note_heartbeats_read(session, gap_s, celeryconfig.crobot_lease_s):
            return
        for name in leases.silent(session, celeryconfig.crobot_lease_s):
            log.warning(
                "node %s has been silent for %g s: its jobs are routed again",
                name,
                celeryconfig.crobot_lease_s,
                extra={"node": name},
            )
        lost = leases.on_lost_nodes(session, 0.0)
    if lost:
        _send_behind_reports()


def _send_behind_reports() -> None:
    with app.connection_or_acquire() as connection:
        app.publish(give_up.name, connection=connection, queue=queue(REPORTS), ignore_result=True)


@app.task(name="crobot.give_up", ignore_result=True, send_events=False)
def give_up() -> None:
    """Take the jobs of silent nodes. This message was queued behind the reports: what those nodes said has been read.

    Only nodes are judged that were found silent some time before, so that a report which another thread is just
    applying is not overtaken. The next rescue sends the next such message.
    """
    with transaction() as session:
        lost = leases.on_lost_nodes(session, celeryconfig.crobot_heartbeat_s / 2)
    finish.apply([_lost(row.job_id, row.number, f"node {row.node} fell silent") for row in lost])


def quarantine_failing() -> None:
    """Give no jobs to a node that keeps failing for its own reasons, and say so."""
    with transaction() as session:
        failures = policy_in_force.current(session).quarantine.failures
        for row in leases.failing(session, failures):
            reason = f"its last {row.failures} attempts failed, the latest: {row.message}"
            log.error(
                "node %s is quarantined: %s; mend it, then `crobot resume %s`",
                row.name,
                reason,
                row.name,
                extra={"node": row.name},
            )
            leases.quarantine(session, row.name, reason)


def _start(running: Attempts, node: str, incarnation: str) -> None:
    with transaction() as session:
        finishing.start(session, running, node, incarnation)


def _unread() -> int:
    """How many heartbeats wait to be read."""
    with app.connection_or_acquire() as connection:
        return waiting_in(HEARTBEATS, connection.default_channel)


def _stop_unwanted(node: str, running: Attempts) -> None:
    if not running:
        return
    with transaction() as session:
        unwanted = leases.unwanted(session, node, _named(running))
    if unwanted:
        log.warning("node %s is told to stop %s", node, ", ".join(unwanted), extra={"node": node})
        stop_attempts(node, unwanted)


def _acknowledge(node: str, ids: list[str]) -> None:
    with app.producer_or_acquire() as producer:
        producer.publish(ids, exchange="", routing_key=ack_queue(node), serializer="json", retry=True)


def _lost(job_id: int, number: int, message: str) -> Report:
    return Report(job_id, number, OutcomeKind.NODE_LOST, message, begun=False)


def _named(attempts: Attempts) -> list[str]:
    return [attempt_id(*key) for key in attempts]
