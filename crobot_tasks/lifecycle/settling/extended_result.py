"""(e) What Celery's results carry with `result_extended`, from a job's row."""

from __future__ import annotations

from typing import Any

from crobot_tasks.broker.json_values import revive
from crobot_tasks.broker.queues import node_queue, worker_hostname


def extended(row: Any, task_id: str) -> dict[str, Any]:
    """Return the call, where it ran and when it ended; and who sent it, if that is the send which made the job."""
    sent = row.request if row.request.get("id") == task_id else {}
    fields = {
        "name": row.pipeline,
        "args": revive(row.args),
        "kwargs": revive(row.kwargs),
        "worker": row.node and worker_hostname(row.node),
        "queue": row.node and node_queue(row.node),
        "retries": row.request.get("retries", 0),
        "traceback": row.traceback,
        "date_done": row.finished_at and row.finished_at.isoformat(),
    }
    stamps = {
        name: sent["stamps"][name]
        for name in sent.get("stamped_headers", [])
        if name in sent.get("stamps", {})
    }
    of_sender = {
        "parent_id": sent.get("parent_id"),
        "group_id": sent.get("group"),
        "stamped_headers": sent.get("stamped_headers"),
        **stamps,
    }
    return fields | {name: value for name, value in of_sender.items() if value is not None}
