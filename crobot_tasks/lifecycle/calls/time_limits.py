"""(b, g) Celery's time limits of a body: the sender's own are kept to the second, and are the sender's last word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crobot_errors import OutcomeKind
from crobot_tasks.celery import app

#: seconds beyond the limit of its tools after which a pipeline that hangs beside them is interrupted, and killed
GRACE_S = (30, 60)


def celerys(pipeline: str, time_limit_s: int, chosen: Mapping[str, Any]) -> tuple[float | None, float]:
    """Return Celery's soft limit, after which the body is interrupted, and the hard one, after which it is killed.

    ``chosen`` is what the sender chose; the tools of a pipeline have the limit ``time_limit_s`` themselves.
    """
    soft_s = chosen.get("soft_s")
    if _hard_is_senders(pipeline, chosen):
        return soft_s, time_limit_s
    interrupted_s, killed_s = (time_limit_s + grace for grace in GRACE_S)
    return min(soft_s or interrupted_s, interrupted_s), killed_s


def are_senders(pipeline: str, chosen: Mapping[str, Any], outcome: OutcomeKind, result: Any) -> bool:
    """Whether an attempt ended by a limit that its sender set, so that no other attempt gets more time."""
    if outcome is not OutcomeKind.TIME_LIMIT:
        return False
    exception = result.get("exc_type") if isinstance(result, dict) else None
    by_soft = "soft_s" in chosen and exception == "SoftTimeLimitExceeded"
    return by_soft or _hard_is_senders(pipeline, chosen)


def _hard_is_senders(pipeline: str, chosen: Mapping[str, Any]) -> bool:
    """Whether the sender gave a function its limit; of a pipeline, time is a resource, and the policy may give more."""
    # a task that this head does not know is taken for a pipeline, which gets more time and not less
    return "time_s" in chosen and not getattr(app.tasks.get(pipeline), "runs_tools", True)
