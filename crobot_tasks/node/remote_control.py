"""Celery's own orders to revoke, as a node takes them: the heads cancel the job, and tell the node what to stop."""

from __future__ import annotations

from typing import Any

from celery.worker.control import control_command, ok

_LEFT = ok("the heads cancel jobs")


@control_command(variadic="task_id", signature="[id1 [id2 [... [idN]]]]")
def revoke(panel: Any, task_id: Any, **_: Any) -> Any:
    """Leave it to the heads: an attempt that only its node has stopped would be tried again."""
    return _LEFT


@control_command(variadic="task_id", args=[("signal", str)], signature="<signal> [id1 [id2 [... [idN]]]]")
def terminate(panel: Any, signal: Any, task_id: Any, **_: Any) -> Any:
    """Leave it to the heads."""
    return _LEFT


@control_command(variadic="headers", signature="[key1=value1 [key2=value2 [... [keyN=valueN]]]]")
def revoke_by_stamped_headers(panel: Any, headers: Any, **_: Any) -> Any:
    """Leave it to the heads."""
    return _LEFT
