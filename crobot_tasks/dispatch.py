"""(b) Waiting jobs → node queues: choose and bind in one transaction, publish after it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from crobot_tasks import router
from crobot_tasks.cancel import expire
from crobot_tasks.celery import app
from crobot_tasks.plain import revive
from crobot_tasks.wire import MESSAGE_FORMAT, UNREACHABLE, node_queue, queue
from db import dispatching
from db.engine import transaction

log = logging.getLogger(__name__)

#: jobs of each pipeline that one dispatch looks at
BATCH = 200

POLICY = router.Policy()


def dispatch() -> int:
    """Place what can be placed now, and send it; returns how many jobs were sent."""
    with transaction() as session:
        if not dispatching.only_dispatch(session):
            return 0
        expired = dispatching.expired(session)
        jobs = dispatching.waiting(session, BATCH)
        placements = (
            router.place(node_views(session), [job_view(job) for job in jobs], POLICY) if jobs else []
        )
        placed = [vars(placement) for placement in placements if placement.node]
        routed = dispatching.route(session, placed) if placed else []
    for job_id in expired:
        expire(job_id)
    _publish(routed)
    return len(routed)


def node_views(session: Any) -> list[router.NodeView]:
    """Return the nodes as the router sees them."""
    return [
        router.NodeView(
            name=node.name,
            cores=node.cores,
            memory_bytes=node.memory_bytes,
            disk_bytes=node.disk_bytes,
            pipelines=node.pipelines,
            missing=node.missing,
            closed=_closed(node),
            load=[router.Load(*load) for load in node.live],
        )
        for node in dispatching.nodes(session)
    ]


def job_view(job: Any) -> router.JobView:
    """Return a waiting job as the router sees it."""
    return router.JobView(
        id=job.id,
        pipeline=job.pipeline,
        version=job.version,
        cores=job.cores,
        memory_bytes=job.memory_bytes,
        disk_bytes=job.disk_bytes,
        expected_s=job.expected_s,
        failed_on=frozenset(job.failed_on),
    )


def _closed(node: Any) -> str:
    if node.lost_at:
        return f"silent since {node.lost_at:%Y-%m-%d %H:%M}"
    if node.drained_at:
        return f"drained ({node.drain_reason})"
    return ""


def _publish(routed: Sequence[Any]) -> None:
    """Send the messages. One that is lost here is found missing by the node's heartbeats, and routed again."""
    try:
        with app.producer_or_acquire() as producer, producer.batch():
            for job in routed:
                _send(producer, job)
    except UNREACHABLE as error:
        log.warning("the broker does not take messages: %s", error)


def _send(producer: Any, job: Any) -> None:
    app.send_task(
        job.pipeline,
        args=revive(job.args),
        kwargs=revive(job.kwargs),
        task_id=f"{job.id}.{job.attempt}",
        producer=producer,
        queue=queue(node_queue(job.node)),
        ignore_result=True,
        add_to_parent=False,
        # The tools' own limit is job.time_limit_s; these two only catch a pipeline that hangs beside its tools.
        soft_time_limit=job.time_limit_s + 30,
        time_limit=job.time_limit_s + 60,
        headers={
            "crobot": {
                "format": MESSAGE_FORMAT,
                "cores": job.cores,
                "memory_bytes": job.memory_bytes,
                "disk_bytes": job.disk_bytes,
                "time_s": job.time_limit_s,
            }
        },
        argsrepr=f"job {job.id} attempt {job.attempt} of {job.type or job.pipeline}",
        kwargsrepr=f"tag={job.tag or '-'} species={job.database or '-'} version={job.version or '-'}",
    )
