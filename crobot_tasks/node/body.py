"""(c) A body's run: what it sends meanwhile is collected, and returned with its result if it ends well."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from celery.exceptions import Retry
from celery.result import allow_join_result

from crobot_tasks.broker.json_values import plain
from crobot_tasks.lifecycle.calls.sends import Send, Sends, collecting
from crobot_tasks.lifecycle.finishing.continuation import Again, Continuation, named
from crobot_tasks.lifecycle.job_task import Replaced

log = logging.getLogger(__name__)


def run_body(task: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, Continuation]:
    """Run a task's body; return its result, or the `Retry` that it raised, and how it goes on.

    Raises:
        BaseException: whatever the body raised; nothing that it has sent is sent then.
    """
    sends, request = Sends(), task.request
    try:
        # Celery refuses every wait in a body, with a page to read; here the results refuse it, and name the way.
        with collecting(sends), allow_join_result():
            result = task.run(*args, **kwargs)
        return result, Continuation(sends, children=_children(request))
    except Replaced as replaced:
        replacement = plain(dict(replaced.signature), "what takes the job's place")
        return None, Continuation(sends, replacement, children=_children(request))
    except Retry as retry:
        if not _is_own(retry, request):
            raise
        own = [call for call in sends.calls if call.task_id != request.id]
        _log_dropped(request, "is run again", own)
        return retry, Continuation(again=_again(retry.sig, request))
    except BaseException:
        _log_dropped(request, "failed", sends.calls)
        raise


def _is_own(retry: Retry, request: Any) -> bool:
    """Whether `self.retry` raised it, and nobody else."""
    return retry.sig is not None and retry.sig.options.get("task_id") == request.id


def _again(signature: Any, request: Any) -> Again:
    """Return what `self.retry` asked for; what it only passes on stays as the head has it."""
    before = request.as_execution_options()
    before["priority"] = (request.delivery_info or {}).get("priority")
    asked = {name: value for name, value in signature.options.items() if value != before.get(name)}
    countdown = asked.get("countdown")
    return Again(
        retries=signature.options["retries"],
        args=plain(list(signature.args), "args"),
        kwargs=plain(dict(signature.kwargs), "kwargs"),
        countdown_s=None if countdown is None else max(0.0, float(countdown)),
        eta=asked.get("eta"),
        expires=asked.get("expires"),
        time_limit_s=asked.get("time_limit"),
        priority=asked.get("priority"),
    )


def _children(request: Any) -> list[Any]:
    return list(plain([child.as_tuple() for child in request.children], "children"))


def _log_dropped(request: Any, ended: str, calls: Iterable[Send]) -> None:
    """Name what is not sent, since its body did not end well."""
    if names := named(calls):
        attempt_id = request.get("attempt_id") or request.id
        log.warning("attempt %s %s: what it sent is not sent: %s", attempt_id, ended, names)
