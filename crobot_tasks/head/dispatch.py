"""(b) Waiting jobs → node queues: choose and bind in one transaction, publish after it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from crobot_tasks.broker.formats import MESSAGE_FORMAT, attempt_id
from crobot_tasks.broker.json_values import revive
from crobot_tasks.broker.queues import UNREACHABLE, node_queue, queue
from crobot_tasks.celery import app
from crobot_tasks.head import cluster_state
from crobot_tasks.head.numbers import numbers
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.lifecycle.calls import time_limits
from crobot_tasks.lifecycle.cancel import expire
from crobot_tasks.router import Cluster, Policy, Queue, place
from db.crobot import accounting, dispatching
from db.crobot.dispatching import Beginning
from db.engine import after_commit, transaction

log = logging.getLogger(__name__)

#: jobs that one dispatch places
BATCH = 500

#: jobs of each line that are fetched at first; after a dispatch that placed many, twice as many more
FETCHED = 64

_used = cluster_state.Used()
#: how long the last dispatches took that sent something; monitoring is told, when the head folds
_took_s: list[float] = []


@dataclass(frozen=True)
class Dispatched:
    """What a dispatch did."""

    #: how many jobs were sent
    jobs: int = 0
    #: whether more could be sent at once
    more: bool = False


class _Pace:
    """How many jobs were sent last, which tells how many the next dispatch needs."""

    jobs = 0


_pace = _Pace()


def dispatch() -> Dispatched:
    """Place what can be placed now, and send it."""
    began = time.monotonic()
    with transaction() as session:
        beginning = dispatching.only_dispatch(session)
        if beginning is None or not numbers.agree(beginning.dispatches):
            return Dispatched()
        if not beginning.waiting:  # an end was heard, and nobody waits for the room
            _pace.jobs = 0
            return Dispatched()
        policy = policy_in_force.current(session)
        cluster = Cluster(cluster_state.nodes(session, policy), policy)
        routed, more = _route(session, cluster, policy, beginning) if cluster.open else ([], False)
    _publish(routed, beginning.storage_mark)
    _pace.jobs = len(routed)
    if routed:
        _took_s.append(time.monotonic() - began)
    return Dispatched(len(routed), more)


def _route(
    session: Any, cluster: Cluster, policy: Policy, beginning: Beginning
) -> tuple[Sequence[Any], bool]:
    waiting = cluster_state.Waiting(
        session,
        cluster,
        policy,
        partial(_used.read, session, cluster, policy),
        paused=beginning.paused,
        of_a_line=FETCHED + 2 * _pace.jobs,
    )
    jobs = Queue(waiting.reserved() if beginning.reserved else [], waiting.used, policy)
    placements: list[dict[str, Any]] = []
    reservations: list[dict[str, Any]] = []
    while cluster.open and len(placements) < BATCH:
        more = waiting.more()
        for job in more:
            jobs.add(job)
        decision = place(cluster, jobs, policy, beginning.now, limit=BATCH - len(placements))
        placements += [vars(one) for one in decision.placements]
        reservations = [vars(one) for one in decision.reservations]
        if not more:
            break
    routed = dispatching.route(session, placements) if placements else []
    if job_ids := waiting.reserving | {one["job_id"] for one in reservations}:
        dispatching.reserve(session, job_ids, reservations)
    return routed, len(placements) >= BATCH or waiting.may_have_run_out(len(placements))


def fold() -> None:
    """Count what has ended since the last time into shares and typical times."""
    with transaction() as session:
        if dispatching.only_dispatch(session) is not None:
            shares = policy_in_force.current(session).shares
            accounting.fold(session, shares.charge_gib, shares.half_life_s)
            if _took_s:
                accounting.note_durations(session, "dispatch", _took_s)
                after_commit(_took_s.clear)


def expire_overdue() -> None:
    """Cancel jobs whose time to begin is over."""
    with transaction() as session:
        expired = dispatching.expired(session)
    for job_id in expired:
        expire(job_id)


def _publish(routed: Sequence[Any], storage_mark: str) -> None:
    """Send the messages. One that is lost here is found missing by the node's heartbeats, and routed again."""
    try:
        with app.producer_or_acquire() as producer, producer.batch():
            for node in {job.node for job in routed}:
                producer.maybe_declare(
                    queue(node_queue(node)), retry=True, **app.conf.task_publish_retry_policy
                )
            for job in routed:
                _send(producer, job, storage_mark)
    except UNREACHABLE as error:
        log.warning("the broker does not take messages: %s", error)


#: names of the options of a send that a request has under other names
_IN_REQUESTS = {"link": "callbacks", "link_error": "errbacks", "chain": "chain", "chord": "chord"}


def _send(producer: Any, job: Any, storage_mark: str) -> None:
    soft_s, hard_s = time_limits.celerys(job.pipeline, job.time_limit_s, job.chosen or {})
    app.publish_into(
        queue(node_queue(job.node)),
        job.pipeline,
        args=revive(job.args),
        kwargs=revive(job.kwargs),
        task_id=attempt_id(job.id, job.attempt),
        producer=producer,
        soft_time_limit=soft_s,
        time_limit=hard_s,
        headers={
            "crobot": {
                "format": MESSAGE_FORMAT,
                "cores": job.cores,
                "memory_bytes": job.memory_bytes,
                "disk_bytes": job.disk_bytes,
                "time_s": job.time_limit_s,
                "data": job.data,
                "storage_mark": storage_mark,
                "caller": _caller(job),
                **({"traceparent": job.traceparent} if job.traceparent else {}),
            }
        },
        argsrepr=f"job {job.id} attempt {job.attempt} of {job.type or job.pipeline}",
        kwargsrepr=f"tag={job.tag or '-'} species={job.database or '-'} version={job.version or '-'}",
    )


def _caller(job: Any) -> dict[str, Any]:
    """Return what the body's request has of its caller's; nothing of a job that a former version sent."""
    if not job.request:
        return {}
    canvas = {there: job.canvas[here] for here, there in _IN_REQUESTS.items() if here in (job.canvas or {})}
    return {**job.request, **canvas}
