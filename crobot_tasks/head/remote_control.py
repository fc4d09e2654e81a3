"""Celery's own orders to revoke, as a head takes them: from an app without our code, Celery's command, or a node."""

from __future__ import annotations

from typing import Any

from celery import states
from celery.utils.functional import maybe_list
from celery.worker import state as worker_state
from celery.worker.control import control_command, ok

from crobot_tasks.broker.queues import SETTLE
from crobot_tasks.celery import app
from crobot_tasks.lifecycle import revoke as revoking
from crobot_tasks.lifecycle.sending.refused import REVOKED

#: what Celery stores REVOKED over
_NOT_BEGUN = {states.PENDING, states.RECEIVED, states.RETRY, states.REJECTED}


@app.task(name="crobot.revoke", ignore_result=True, send_events=False)
def revoke_ids(task_ids: list[str]) -> None:
    """Cancel the jobs of these task ids; store REVOKED for what is no job, as each of Celery's workers does."""
    jobs = revoking.revoke(task_ids)
    for task_id in task_ids:
        if task_id not in jobs and app.backend.get_state(task_id) in _NOT_BEGUN:
            app.backend.mark_as_revoked(task_id, reason=REVOKED)


@app.task(name="crobot.revoke_stamped", ignore_result=True, send_events=False)
def revoke_stamped(headers: Any) -> None:
    """Cancel the jobs with one of these stamps."""
    revoking.revoke_stamped(headers)


@app.task(name="crobot.revoked_meanwhile", ignore_result=True, send_events=False)
def revoked_meanwhile() -> None:
    """Cancel what was being parked while it was revoked."""
    revoking.look_again()


# These run in the worker's loop, which must not wait for the database: the work is a message to a thread of some head.


@control_command(variadic="task_id", signature="[id1 [id2 [... [idN]]]]")
def revoke(panel: Any, task_id: Any, **_: Any) -> Any:
    """Cancel jobs by task id (or list of ids)."""
    ids = list(maybe_list(task_id) or [])
    worker_state.revoked.update(ids)  # for what else a head runs
    revoke_ids.apply_async((ids,), queue=SETTLE, add_to_parent=False)
    return ok(f"tasks {ids} flagged as revoked")


@control_command(variadic="task_id", args=[("signal", str)], signature="<signal> [id1 [id2 [... [idN]]]]")
def terminate(panel: Any, signal: Any, task_id: Any, **_: Any) -> Any:
    """Cancel jobs by task id (or list of ids)."""
    return revoke(panel, task_id)


@control_command(variadic="headers", signature="[key1=value1 [key2=value2 [... [keyN=valueN]]]]")
def revoke_by_stamped_headers(panel: Any, headers: Any, **_: Any) -> Any:
    """Cancel jobs by stamped header (or list of headers)."""
    for name, values in revoking.stamps_of(headers).items():
        worker_state.revoked_stamps[name] = [
            *maybe_list(worker_state.revoked_stamps.get(name) or []),
            *values,
        ]
    revoke_stamped.apply_async((headers,), queue=SETTLE, add_to_parent=False)
    return ok(f"headers {headers} flagged as revoked")
