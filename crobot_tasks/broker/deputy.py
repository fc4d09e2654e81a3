"""A task that takes the messages of other tasks; the broker keeps each message until it has been seen to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery.exceptions import InvalidTaskError
from celery.utils.imports import symbol_by_name
from celery.worker.request import create_request_cls
from celery.worker.state import task_reserved
from celery.worker.strategy import hybrid_to_proto2, proto1_to_proto2

#: what the worker itself would act on; the deputy sees to it at once, whenever and for how long the task may run
_TIMES = {"eta": None, "expires": None, "timelimit": None}


def strategy(deputy: Any, app: Any, consumer: Any) -> Callable[..., None]:
    """Return what a consumer does with the messages of a task that ``deputy`` stands for.

    The deputy is called with the message, and under its id. If it raises `Ignore`, all is done. Any other error is the
    result of that id, and ends its chain, its chord and whatever else waits for it.
    """
    request_class = create_request_cls(
        symbol_by_name(deputy.Request),
        deputy,
        consumer.pool,
        consumer.hostname,
        consumer.event_dispatcher,
        app=app,
    )

    def take(message: Any, body: Any, ack: Any, reject: Any, callbacks: Any) -> None:
        carried, headers, embed = _opened(message, body)
        request = request_class(
            message,
            on_ack=ack,
            on_reject=reject,
            app=app,
            hostname=consumer.hostname,
            eventer=consumer.event_dispatcher,
            task=deputy,
            connection_errors=consumer.connection_errors,
            body=((), {"message": carried}, embed),
            headers=headers | _TIMES | {"task": deputy.name, "shadow": f"{deputy.name} {headers['task']}"},
            decoded=True,
        )
        task_reserved(request)
        for callback in callbacks or ():
            callback(request)
        consumer.on_task_request(request)

    return take


def _opened(message: Any, body: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return what the deputy gets of a message, its headers, and its canvas, from any version of Celery's protocol.

    Raises:
        InvalidTaskError: it is no message of a task.
    """
    payload, headers = message.payload, message.headers
    if isinstance(payload, dict):
        from_older = hybrid_to_proto2 if "args" in payload and body is None else proto1_to_proto2
        payload, headers, *_ = from_older(message, payload)
    try:
        args, kwargs, embed = payload
        carried: dict[str, Any] = {
            "args": list(args),
            "kwargs": dict(kwargs),
            "embed": dict(embed or {}),
            "headers": dict(headers),
        }
        if not isinstance(headers["id"], str):
            raise TypeError(f"its id is {headers['id']!r}")
    except (LookupError, TypeError, ValueError) as error:
        raise InvalidTaskError(f"this is no message of a task: {error!r}") from error
    names = ("correlation_id", "reply_to", "priority")
    carried["properties"] = {name: message.properties.get(name) for name in names}
    return carried, carried["headers"], carried["embed"]
