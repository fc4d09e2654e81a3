"""(a) A call of a JobTask is checked, before anything is stored, and becomes a new job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.broker.json_values import plain
from crobot_tasks.lifecycle.calls.call_options import (
    TIMES,
    Details,
    Owed,
    chosen_of,
    details_of,
    owed_of,
    priority_of,
    whole_seconds,
)
from crobot_tasks.lifecycle.calls.caller import message_of
from crobot_tasks.lifecycle.calls.new_job import NewJob, Own, Shared
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.lifecycle.job_types import job_class
from crobot_tasks.logs import traceparent
from db.jsonb import to_json


def new_job(
    task: JobTask, args: Any, kwargs: dict[str, Any], task_id: str, options: dict[str, Any]
) -> NewJob:
    """Check a call, and return what is to be stored of it.

    Raises:
        BadInput: it cannot work.
    """
    details, priority = _details(task, options), priority_of(options.get("priority"))
    task.check_arguments(args, kwargs)
    version = task.wanted_version(kwargs)
    task.check(args, kwargs)
    chosen = chosen_of(details, options)
    if chosen:
        # a resend chooses the same
        details.context["chosen"] = chosen
    resources = vars(task.resources(args, kwargs)) | chosen
    owed = owed_of(task_id, options)  # it checks times, of which Celery's message takes any
    message = message_of(task, args, kwargs, task_id, options)
    signature = {
        "args": plain(list(args), "args"),
        "kwargs": plain(kwargs, "kwargs"),
        "request": message.request(),
        "data": task.data(args, kwargs),
    }
    shared = Shared(
        task.name,
        **_shared(details, owed),
        version=version,
        priority=priority,
        cores=resources["cores"],
        memory_bytes=resources["memory_bytes"],
        disk_bytes=resources["disk_bytes"],
        time_limit_s=whole_seconds(resources["time_s"]),
        expected_s=task.expected_seconds(args, kwargs),
        traceparent=_trace(details, message.headers),
    )
    context = plain(details.context, "context")
    return NewJob(shared, _own(details, owed, context, signature), context, message)


def _trace(details: Details, headers: Mapping[str, Any]) -> str | None:
    """Return the trace of a call: the sender's own word, what a library wrote into the headers, or the request's.

    A header that is none counts for nothing, as the W3C says; whoever wrote it may have nothing to do with the call.
    """
    given = details.traceparent or headers.get(traceparent.HEADER)
    return traceparent.parse(given) or traceparent.arrived.get()


def unusable_job(task: JobTask, task_id: str, options: dict[str, Any]) -> NewJob:
    """Return what is to be stored of a call that cannot work, so that its end can be told."""
    try:
        details = _details(task, options)
    except BadInput:
        details = Details()
    canvas = {name: value for name, value in options.items() if name not in TIMES}
    owed = owed_of(task_id, canvas)
    context = plain(details.context, "context")
    return NewJob(Shared(task.name, **_shared(details, owed)), _own(details, owed, context, {}), context)


def _details(task: JobTask, options: dict[str, Any]) -> Details:
    details = details_of(options.get("job"))
    if details.type:
        job_class(details.type, task.name)
    return details


def _shared(details: Details, owed: Owed) -> dict[str, Any]:
    names = ("type", "database", "batch", "workgroup")
    when = ("ignore_result", "chord_id", "eta", "countdown_s", "expires_at", "expires_s")
    return {
        "user_id": details.user_id or 0,
        **{name: getattr(details, name) for name in names},
        **{name: getattr(owed, name) for name in when},
    }


def _own(details: Details, owed: Owed, context: dict[str, Any], signature: Mapping[str, Any]) -> Own:
    return Own(
        owed.settlement_id,
        owed.task_id,
        **{name: to_json(value) for name, value in signature.items()},
        context=to_json(context),
        tag=details.tag,
        unique_key=details.unique_key or None,
        cache_key=details.cache_key or None,
        options=None if owed.options is None else to_json(owed.options),
        stamps=None if owed.stamps is None else to_json(owed.stamps),
    )
