"""(c) In a body, `self.request` is the caller's; what the attempt is stands beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from celery.app.task import Context
from celery.utils.saferepr import saferepr

from crobot_tasks.broker.formats import attempt_key

#: what the node's own message says for the caller's: how and where the body runs
_OF_NODE = (
    "lang task args kwargs hostname called_directly is_eager utc loglevel logfile delivery_info properties"
).split()
#: in the node's own message these tell operators of the job
_OF_JOB = ("argsrepr", "kwargsrepr")


@contextmanager
def callers_request(task: Any, header: Mapping[str, Any]) -> Iterator[Context]:
    """Let the task's request be the caller's until the block ends."""
    request = _request(task.request, header)
    task.request_stack.push(request)
    try:
        yield request
    finally:
        task.request_stack.pop()


def _request(attempt: Context, header: Mapping[str, Any]) -> Context:
    """Return the caller's request; heads of a former version do not say whose it is, and the id is the attempt's."""
    caller = {"id": attempt.id, **header.get("caller", {})}
    # what the caller set decides, but not where the message went
    priority = {"priority": caller.pop("priority")} if "priority" in caller else {}
    known = {name: value for name, value in vars(attempt).items() if name in _OF_NODE} | {
        "root_id": caller["id"],
        "correlation_id": caller["id"],
        "timelimit": [None, None],
        "retries": 0,
        "replaced_task_nesting": 0,
        "ignore_result": False,
        "stamps": {},
        "argsrepr": saferepr(tuple(attempt.args)),
        "kwargsrepr": saferepr(attempt.kwargs),
        "properties": _properties(attempt, caller) | priority,
        "delivery_info": {**(attempt.delivery_info or {}), **priority},
    }
    request = Context({**known, **caller})
    job_id, number = attempt_key(attempt.id)
    # after the beginning, so that they are none of the caller's own headers
    own = {name: value for name, value in header.items() if name != "caller"}
    request.update(attempt_id=attempt.id, job_id=job_id, attempt=number, crobot=own)
    return request


def _properties(attempt: Context, caller: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in (attempt.properties or {}).items() if name not in _OF_JOB}
    return kept | {"correlation_id": caller["id"], "reply_to": caller.get("reply_to", "")}
