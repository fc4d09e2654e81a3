"""(e) What a job owes, as the request of Celery's tracer: the caller's ids and all canvas options."""

from __future__ import annotations

from typing import Any

from celery.result import result_from_tuple

from crobot_tasks.broker.json_values import revive
from crobot_tasks.celery import app

#: option of a call → name in a request, where they differ
_IN_REQUEST = {"link": "callbacks", "link_error": "errbacks", "group_id": "group"}
_OTHERS = "chord chain group_index root_id parent_id replaced_task_nesting headers reply_to".split()


def request_of(row: Any) -> dict[str, Any]:
    """Return the request of a job's settlement: ``row`` is what `settlements.claim` returns."""
    options = revive(row.options or {})
    canvas = {_IN_REQUEST.get(name, name): options.get(name) for name in (*_IN_REQUEST, *_OTHERS)}
    stamps = options.get("stamped_headers") or []
    sender = row.request if row.request.get("id") == row.task_id else {}
    return canvas | {
        "root_id": options.get("root_id") or row.task_id,
        "parent_id": sender.get("parent_id"),
        "id": row.task_id,
        "task": row.pipeline,
        "ignore_result": row.ignore_result,
        "replaced_task_nesting": options.get("replaced_task_nesting") or 0,
        "stamped_headers": stamps,
        "stamps": {name: options.get(name) for name in stamps},
        "correlation_id": row.task_id,
        "delivery_info": {},
        "is_eager": False,
        "_children": [result_from_tuple(child, app) for child in row.children or []],
    }
